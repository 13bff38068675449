package repeat

import "testing"

func TestCommandCanBePasted(t *testing.T) {
	t.Parallel()
	got := command("TestX/a+b/0", []string{"FAULT_ROUND=3", "-rapid.seed=7"})
	want := `FAULT_ROUND=3 go test -count=1 -v -run='^TestX$/^a\+b$/^0$' ./test/repeat -rapid.seed=7`
	if got != want {
		t.Errorf("the command is\n%s, want\n%s", got, want)
	}
}
