package eval_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"umbral/config/paths/pathstest"
	"umbral/daemon/umbral/eval"
)

// The bars of the fingerprint engine, on the set that the Fingerprint Verification Competition of 2002 gave out for tuning.
func TestFingersOfTheCompetition(t *testing.T) {
	list, err := eval.ReadImpressions(pathstest.Data(t, "fingerprints/fvc2002_db1_b"))
	if err != nil {
		t.Fatal(err)
	}
	report, protocol, cross, err := eval.Fingers(t.Context(), list, eval.DefaultFingerOpts())
	if err != nil {
		t.Fatal(err)
	}
	if report.Images != 80 || report.Fingers != 10 || report.Genuine != 280 || report.Impostor != 45 || len(protocol) != 325 {
		t.Errorf("%d pictures of %d fingers, %d genuine and %d impostor", report.Images, report.Fingers, report.Genuine, report.Impostor)
	}
	if report.Cross.Genuine != 280 || report.Cross.Impostor != 2880 || len(cross) != 3160 {
		t.Errorf("cross: %d genuine and %d impostor", report.Cross.Genuine, report.Cross.Impostor)
	}
	t.Logf("EER %.2f %%, over all pairs %.2f %%; FNMR %.2f %% at FMR 0.1 %%", 100*report.EER, 100*report.Cross.EER, 100*report.Cross.FMR1000)
	if report.FailedToExtract > 0 || report.EER > 0.03 || report.Cross.EER > 0.03 || report.Cross.FMR1000 > 0.08 {
		t.Errorf("%+v", report)
	}
}

func TestImpressionNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"10_1.png", "9_2.TIF", "9_1.bmp", "left_thumb_3.raw", "notes.txt", "9.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := eval.ReadImpressions(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range list {
		got = append(got, filepath.Base(i.File))
	}
	if strings.Join(got, " ") != "9_1.bmp 9_2.TIF 10_1.png left_thumb_3.raw" || list[3].Finger != "left_thumb" {
		t.Errorf("%v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "9_1.png"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := eval.ReadImpressions(dir); err == nil || !strings.Contains(err.Error(), "both impression 1 of finger 9") {
		t.Errorf("the same impression twice: %v", err)
	}
}

// A picture without a print counts as refused, and a set in which all are still has rates.
func TestFingersThatGiveNothing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1_1.png", "1_2.png", "2_1.png"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		img := image.NewGray(image.Rect(0, 0, 200, 200))
		img.SetGray(5, 5, color.Gray{Y: 200})
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "2_2.png"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "3_1.raw"), make([]byte, 300), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := eval.ReadImpressions(dir)
	if err != nil {
		t.Fatal(err)
	}
	missed := 0
	o := eval.DefaultFingerOpts()
	o.Missed = func(string, error) { missed++ }
	report, _, _, err := eval.Fingers(t.Context(), list, o)
	if err != nil {
		t.Fatal(err)
	}
	if missed != 5 || report.FailedToExtract != 5 || report.FMR100 != 1 {
		t.Errorf("%d missed, %d failed, FNMR %g", missed, report.FailedToExtract, report.FMR100)
	}
}
