// Package replay plays pictures as if they came from a camera: at the camera's rate, through the same pool, with the
// newest frame winning. What it plays is chosen by the path:
//
//   - a folder, or a single .jpg, .jpeg or .png: each picture is shown for two seconds, whole, in order of name;
//   - .mjpeg, .mjpg: JPEG pictures one after the other, given on as they are; from a named pipe as they come;
//   - .y4m: YUV4MPEG2 of 8 bits; 4:2:0 is given on as NV12, 4:2:2 as YUYV, mono as GREY; with pixels that are not square it
//     goes through ffmpeg;
//   - .toml: a scene, walk-ups made from photographs (type Scene; config/scenes has the demo's);
//   - anything else: whatever ffmpeg reads, if it is installed, fitted into the wanted size as NV12.
//
// Pictures and videos are shown as players show them: turned as the file says, and with pixels of the shape that it
// says.
//
// A replay loops for ever unless Opts.Once, or a scene's own loop = false, says otherwise. With the pace AsTaken no
// frame is dropped, for tests and measurements.
//
// Files are hostile: sizes are looked at before anything is allocated for them, nothing grows beyond Opts.MaxFrameBytes
// and the constants of this package, and a broken picture among good ones is counted and left out.
package replay
