package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	stream := `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: no broker (install mosquitto)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:1: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p","Elapsed":1.5}
`
	var out strings.Builder
	failed, err := report(strings.NewReader(stream), &out)
	if err != nil {
		t.Fatal(err)
	}
	if !failed {
		t.Error("a failed test is reported as success")
	}
	for _, want := range []string{"got 1, want 2", "FAIL  p (1.5 s)", "skipped 1: no broker (install mosquitto)", "1 passed, 1 failed, 1 skipped\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, out.String())
		}
	}
}

func TestReportOfABrokenBuild(t *testing.T) {
	stream := `{"ImportPath":"p","Action":"build-output","Output":"p.go:3:1: syntax error\n"}
{"Action":"fail","Package":"p","Elapsed":0}
`
	var out strings.Builder
	failed, err := report(strings.NewReader(stream), &out)
	if err != nil || !failed {
		t.Errorf("failed %v, error %v; want a failure", failed, err)
	}
	if !strings.Contains(out.String(), "syntax error") {
		t.Errorf("the compiler's message is lost:\n%s", out.String())
	}
}
