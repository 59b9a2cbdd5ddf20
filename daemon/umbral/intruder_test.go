package main

import (
	"encoding/json"
	"strconv"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/rogpeppe/go-internal/testscript"
)

// intruder connects somebody to the script's broker who may publish what they like, until the script ends.
func intruder(ts *testscript.TestScript) mqtt.Client {
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(ts.Getenv("BROKER")).SetClientID("").SetAutoReconnect(false).SetOrderMatters(false))
	done(ts, c.Connect())
	ts.Defer(func() { c.Disconnect(250) })
	return c
}

func done(ts *testscript.TestScript, t mqtt.Token) {
	if !t.WaitTimeout(5 * time.Second) {
		ts.Fatalf("the broker does not answer")
	}
	ts.Check(t.Error())
}

// publish leaves a message at the broker. The text may hold Go's escapes.
//
//	publish TOPIC TEXT
func publish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: publish TOPIC TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	done(ts, intruder(ts).Publish(args[0], 1, true, text))
}

// forge answers every command to a terminal with a refusal in these words, which may hold Go's escapes.
//
//	forge TERMINAL TEXT
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: forge TERMINAL TEXT")
	}
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	executing, err := json.Marshal(map[string]string{"status": text})
	ts.Check(err)
	refusal, err := json.Marshal(map[string]string{"status": "failed", "reason": text, "detail": text})
	ts.Check(err)
	c := intruder(ts)
	done(ts, c.Subscribe("te/device/"+args[0]+"///cmd/#", 1, func(c mqtt.Client, m mqtt.Message) {
		var command struct {
			Key string `json:"key"`
		}
		if json.Unmarshal(m.Payload(), &command) == nil && command.Key != "" { // not the answers themselves
			c.Publish(m.Topic(), 1, false, executing)
			c.Publish(m.Topic(), 1, false, refusal)
		}
	}))
}
