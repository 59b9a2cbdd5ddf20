package mqtt

import (
	"fmt"
	"net"
	"net/url"

	"umbral/daemon/fleet"
)

// brokerURL takes the address apart and tells whether it asks for TLS.
func brokerURL(address string) (u *url.URL, secure bool, err error) {
	u, err = url.Parse(address)
	if err != nil {
		return nil, false, fmt.Errorf("fleet: broker address: %w", err)
	}
	port := "1883"
	switch u.Scheme {
	case "tcp", "mqtt":
	case "tls", "ssl", "mqtts":
		secure, port = true, "8883"
	default:
		return nil, false, fmt.Errorf("fleet: broker address %q, allowed schemes are tcp, mqtt, tls, mqtts (write tcp://host:1883 or tls://host:8883)", fleet.Printable(address, 80))
	}
	if u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return nil, false, fmt.Errorf("fleet: broker address %q, allowed is scheme://host:port and nothing else (user and password have keys of their own)", u.Redacted())
	}
	if u.Port() == "" {
		u.Host = u.Host + ":" + port
	}
	return u, secure, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
