package operator_test

import (
	"fmt"
	"log"
	"time"

	"umbral/daemon/fleet/operator"
)

// A command is bound to one terminal and void after half a minute, unless the order says otherwise.
func ExampleNewCommand() {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	c, err := operator.NewCommand(operator.Order{Terminal: "gate-1", Command: "door.open"}, now)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Terminal, c.Name, "until", c.Expires.Format(time.TimeOnly))

	_, err = operator.NewCommand(operator.Order{Terminal: "gate/1", Command: "door.open"}, now)
	fmt.Println(err)
	// Output:
	// gate-1 door.open until 12:00:30
	// fleet: terminal name "gate/1", allowed are 1 to 64 of A-Z a-z 0-9 . _ - (it becomes a level of MQTT topics)
}
