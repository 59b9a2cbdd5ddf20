package passage

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets the property tests do the same each time; -rapid.seed=N asks for others.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("rapid.seed").Value.String() == "0" {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
