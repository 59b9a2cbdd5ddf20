// Package gpio is a door on GPIO lines: a relay, and where they are wired a door contact and an exit button. It speaks the
// kernel's GPIO character device, uAPI version 2 (Linux 5.10 and later, include/uapi/linux/gpio.h), and wears periph's
// gpio.PinIO.
//
// # Why not periph's own gpioioctl
//
// In periph host v3.8.5 the first Out(High) of a process drives the line low and then high, Func() on an output turns the
// line into an input, and Chip.Close closes standard input. Behind a relay each of these opens or drops a door. Here the
// relay's line is requested as an output together with its value (GPIO_V2_LINE_FLAG_OUTPUT and
// GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES in one ioctl), so that there is no moment in between, and there is no code that
// reconfigures a line: the Lines interface has no such method.
//
// # What is guaranteed when the program dies
//
// While it lives: the relay is energised from a successful Open until its pulse ends, at most Opts.MaxPulse; Run's timer
// ends it, and Run lets go of the relay before it returns. When a pulse cannot be ended because the chip does not answer
// (a USB expander pulled), Run closes the line and requests it anew, with the inactive value, until that succeeds.
//
// When it dies in mid-pulse (SIGKILL, out of memory) the kernel closes the line's descriptor. What the pin does then is up
// to the chip's driver: many return it to an input or to its reset state, which drops a relay with a pull resistor; some,
// among them pinctrl-bcm2835 with persist_gpio_outputs and the PL061 on which scripts/device proves all this, leave the
// level as it was. The uAPI promises neither. What then ends the pulse is the service manager, which starts the program
// again at once, also when it hangs and no longer pets the watchdog: a program calls Release before it does anything that
// takes time. So the pulse is bounded by its own length, or by the time from death to Release (systemd's RestartSec and the
// program's start), whichever is later; and by the watchdog's time before that, when the program hangs instead of dying.
// No ExecStopPost= helper is used: it would be a second program that drives the relay, and would gain only the time
// between death and restart. Where that time matters, wire a relay or a strike that limits itself.
//
// When the kernel hangs, nothing in user space ends the pulse; the hardware watchdog resets the board.
//
// The lines' electrical behaviour between power-on and Run is the board's: choose a pin whose reset state keeps the relay
// dropped, and a pull resistor that agrees.
package gpio
