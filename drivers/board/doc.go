// Package board tells what board this is, what its headers carry, which buses it has, and how Umbral's parts are wired to it.
//
// # What is periph's
//
// Buses, LEDs and temperatures come through periph's host/v3, of which only the package sysfs is linked. Its drivers read
// /sys and open /dev/spidev*, /dev/i2c-* when asked, with the rights of the device's group; nothing else. The
// packages of SoCs (bcm283x, allwinner, am335x, ...), and with them periph's own boards and headers, are kept out by not being
// imported: their init registers drivers that map /dev/mem or /dev/gpiomem. The tables of headers are data of this
// package instead, checked against periph's.
//
// # What is not
//
// The relay and the inputs keep kernel lines of their own (package drivers/door/gpio says why: host v3.8.5's gpioioctl
// moves a relay at the first Out, makes an input of an output in Func, closes standard input in Chip.Close, and waits for
// edges with reversed time-outs). sysfs's pins need that driver, and are skipped with it: a driver of this package stands in
// its place and refuses. There is no working UART in host v3.8.5, so serial ports are package drivers/fingerprint/r503's.
package board
