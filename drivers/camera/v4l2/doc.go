// Package v4l2 takes frames from Linux's cameras (Linux Documentation/userspace-api/media/v4l) through
// github.com/blackjack/webcam, on which much had to be built around:
//
//   - SetImageFormat answers with the size that was asked for, so the negotiated format is read with VIDIOC_G_FMT on a
//     second descriptor of the same node, and each frame's length is checked against it.
//   - GetFrame tells neither the buffer's flags nor its sequence number nor its time. VIDIOC_QUERYBUF on the second
//     descriptor does, before the buffer is taken: afterwards the kernel has forgotten that it was broken. Some
//     drivers refuse that on a descriptor that does not stream (EBUSY); there, frames are judged by their length alone.
//   - After an unplug WaitForFrame returns at once, for ever, so every wait that brought no frame is followed by a pause
//     and bounded by the stall time.
//   - A failed StartStreaming leaves its buffers mapped. They are found in /proc/self/maps and unmapped.
//   - Touching a frame after StopStreaming kills the process. Frames are copied into the pool before the buffer is given
//     back, and no slice of the library's leaves this package.
//   - Metadata and output nodes pass for cameras, because the library looks at what the whole device can do. Here the
//     node's own capabilities count (v4l2_capability.device_caps).
//   - The timeout is in whole seconds and Close wakes no waiter: Run may take a second to end.
//   - It speaks the single-planar interface only. Nodes with the multi-planar one, as of cameras on CSI behind an image
//     processor, are driven without it: one plane of any format below, or NV12 in two. That has been proven against an
//     emulated driver only, not against a kernel's.
//
// YUYV, NV12, GREY and MJPG are given on as they come; UYVY, and luminance of 10, 12 and 16 bits, become YUYV and GREY.
//
// A camera that went away is looked for under every /dev/videoN by its card and bus, because it may come back under
// another number while an old descriptor is open.
package v4l2
