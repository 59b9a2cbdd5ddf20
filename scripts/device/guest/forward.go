package main

import (
	"errors"
	"io"
	"net"
)

// forward carries connections to an address that only the device itself reaches. The technician's page checks the names
// that browsers send, so it sees them as they are.
func forward(args []string) error {
	if len(args) != 2 {
		return errors.New("forward: LISTEN and TO wanted")
	}
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	for {
		from, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer from.Close()
			to, err := net.Dial("tcp", args[1])
			if err != nil {
				return
			}
			defer to.Close()
			go func() {
				io.Copy(to, from)
				to.(*net.TCPConn).CloseWrite()
			}()
			io.Copy(from, to)
		}()
	}
}
