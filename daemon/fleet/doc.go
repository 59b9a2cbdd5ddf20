// Package fleet is the terminal's link to the fleet over MQTT 3.1.1.
package fleet
