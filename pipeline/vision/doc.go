// Package vision turns what a camera delivers into what the models take: pixel formats to 8-bit RGB, regions of a
// picture to normalised tensors, and a few measures of picture quality. ReadPicture reads what people have instead: the
// photographs of phones, scanners and web pages, large, turned on their side or damaged. Both use one reader of JPEG.
//
// Coordinates are pixels. A Rect covers areas: the pixel in column 3 spans x from 3 to 4 and has its centre at 3.5,
// so ResizeTensor and Resize use half-pixel centres as OpenCV's INTER_LINEAR does. A Point that goes through a
// Similarity names pixel centres by whole numbers, as OpenCV's warpAffine does, because the alignment template of the
// feature model was made for that convention; the two differ by half a pixel.
//
// Whatever comes from outside (frames, pictures, regions that a model computed) may be garbage: it gives an error or a
// clamped result, never a panic, and nothing is allocated from a size before that size was compared with a limit. A
// destination slice that is too short, on the other hand, is a mistake in the calling code and panics.
package vision
