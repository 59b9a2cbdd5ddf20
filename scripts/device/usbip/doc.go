// Package usbip emulates a USB camera that the kernel in the device takes for a real one: its USB/IP driver (vhci-hcd)
// carries the bus over a connection, and uvcvideo finds a camera there, as on a cable. Closing the connection is pulling
// the plug.
//
// Sources: Linux Documentation/usb/usbip_protocol.rst; Universal Serial Bus Specification 2.0, chapter 9; USB Device Class
// Definition for Video Devices 1.1. Bulk transfers only: USB/IP carries isochronous ones too, but without their timing
// they would prove no more.
package usbip
