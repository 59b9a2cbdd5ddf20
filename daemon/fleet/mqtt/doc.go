// Package mqtt is one MQTT 3.1.1 connection to the fleet's broker, over paho: the part that the terminal's link, the
// operator, the reviewer and the authority share.
//
// Paho carries the packets and nothing else. Its own machinery for reliable delivery is switched off, because each part of
// it has a trap: automatic reconnection completes the token of an unacknowledged message as if it had been delivered; its
// stores send again in another order; a client that connects again after Disconnect may panic. So a Session is one
// connection of one client, which is thrown away with it.
//
// CleanSession is true. What the broker would keep for an absent terminal are commands, and those act now or never; what
// this side has to send again it sends again from the journal.
package mqtt
