package store

import "context"

// UpkeepNow runs the upkeep of the history once and waits for it, beside the writer's own.
func (w *Writer) UpkeepNow(ctx context.Context) error { return w.upkeep(ctx) }

// ErrKept is what UpkeepNow returns when history past retention stays.
var ErrKept = errKept
