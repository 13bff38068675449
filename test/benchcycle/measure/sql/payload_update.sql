-- What the same cycle writes with one payload a snapshot: all contents anew.
UPDATE snapshots SET revision = revision, content = content || '\x00'::bytea WHERE bookmaker_event_id = ANY ($1::text[])
