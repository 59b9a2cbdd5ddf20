package document

import "testing"

func TestCombine(t *testing.T) {
	reading := func(name string, confidence float32) *Reading {
		return &Reading{Side: Front, Name: Field{Text: name, Confidence: confidence}}
	}
	got := Combine([]*Reading{reading("张三", 0.7), reading("张二", 0.75), reading("张三", 0.6), nil, {Side: Back}})
	if got.Name.Text != "张三" {
		t.Errorf("elected %q", got.Name.Text)
	}
	if got.Name.Confidence >= 0.7 {
		t.Errorf("confidence %v although the frames differ", got.Name.Confidence)
	}
	got = Combine([]*Reading{reading("张三", 0.7), reading("张三", 0.6)})
	if c := got.Name.Confidence; c <= 0.7 || c > 0.9 {
		t.Errorf("confidence %v of two that agree", c)
	}
	if got := Combine([]*Reading{reading("", 0), reading("", 0)}); got.Name.Text != "" || got.Name.Confidence != 0 {
		t.Errorf("of nothing: %+v", got.Name)
	}
	if Combine(nil) != nil || Combine([]*Reading{nil}) != nil {
		t.Error("a reading of no reading")
	}
}
