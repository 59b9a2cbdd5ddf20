package config_test

import (
	"fmt"
	"log"

	"umbral/config"
)

// What a file does not say has its default. What it says wrongly is told with the line, the value and what is allowed.
func ExampleParse() {
	c, err := config.Parse("gate.toml", []byte("[passage]\npolicy = \"face and live\"\n"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Passage.Policy)

	_, err = config.Parse("gate.toml", []byte("[face]\nidentify_fmr = 2.0\n"))
	fmt.Println(err)
	// Output:
	// face and live
	// config: gate.toml:2:16: face.identify_fmr: found 2, allowed is 1e-7 to 1e-2
}
