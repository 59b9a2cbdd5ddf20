#include "textflag.h"

// Places in a conversion (see colour.go).
#define LUMA_OFFSET (CX)
#define RED 32(CX)
#define GREEN_V 64(CX)
#define GREEN_U 96(CX)
#define BLUE 128(CX)
#define RED_AGAIN 160(CX)

DATA lowBytes<>+0(SB)/8, $0x00ff00ff00ff00ff
DATA lowBytes<>+8(SB)/8, $0x00ff00ff00ff00ff
DATA lowBytes<>+16(SB)/8, $0x00ff00ff00ff00ff
DATA lowBytes<>+24(SB)/8, $0x00ff00ff00ff00ff
GLOBL lowBytes<>(SB), RODATA|NOPTR, $32
DATA grey128<>+0(SB)/4, $0x00800080
GLOBL grey128<>(SB), RODATA|NOPTR, $4
DATA two<>+0(SB)/4, $0x00020002
GLOBL two<>(SB), RODATA|NOPTR, $4
DATA roundUp<>+0(SB)/4, $0x8000
GLOBL roundUp<>(SB), RODATA|NOPTR, $4

// Where the chroma of each pixel lies, as words: in YUYV, in pairs of Cb and Cr, and in a row of its own.
DATA packedU<>+0(SB)/8, $0x8005800580018001
DATA packedU<>+8(SB)/8, $0x800d800d80098009
DATA packedU<>+16(SB)/8, $0x8005800580018001
DATA packedU<>+24(SB)/8, $0x800d800d80098009
GLOBL packedU<>(SB), RODATA|NOPTR, $32
DATA packedV<>+0(SB)/8, $0x8007800780038003
DATA packedV<>+8(SB)/8, $0x800f800f800b800b
DATA packedV<>+16(SB)/8, $0x8007800780038003
DATA packedV<>+24(SB)/8, $0x800f800f800b800b
GLOBL packedV<>(SB), RODATA|NOPTR, $32
DATA pairedU<>+0(SB)/8, $0x8002800280008000
DATA pairedU<>+8(SB)/8, $0x8006800680048004
DATA pairedU<>+16(SB)/8, $0x800a800a80088008
DATA pairedU<>+24(SB)/8, $0x800e800e800c800c
GLOBL pairedU<>(SB), RODATA|NOPTR, $32
DATA pairedV<>+0(SB)/8, $0x8003800380018001
DATA pairedV<>+8(SB)/8, $0x8007800780058005
DATA pairedV<>+16(SB)/8, $0x800b800b80098009
DATA pairedV<>+24(SB)/8, $0x800f800f800d800d
GLOBL pairedV<>(SB), RODATA|NOPTR, $32
DATA single<>+0(SB)/8, $0x8001800180008000
DATA single<>+8(SB)/8, $0x8003800380028002
DATA single<>+16(SB)/8, $0x8005800580048004
DATA single<>+24(SB)/8, $0x8007800780068006
GLOBL single<>(SB), RODATA|NOPTR, $32

// Where the bytes of each plane go among 48 bytes of pixels, 16 at a time.
DATA weave<>+0(SB)/8, $0x8002808001808000
DATA weave<>+8(SB)/8, $0x0580800480800380
DATA weave<>+16(SB)/8, $0x0280800180800080
DATA weave<>+24(SB)/8, $0x8080048080038080
DATA weave<>+32(SB)/8, $0x8080018080008080
DATA weave<>+40(SB)/8, $0x8004808003808002
DATA weave<>+48(SB)/8, $0x8080078080068080
DATA weave<>+56(SB)/8, $0x800a808009808008
DATA weave<>+64(SB)/8, $0x8007808006808005
DATA weave<>+72(SB)/8, $0x0a80800980800880
DATA weave<>+80(SB)/8, $0x0780800680800580
DATA weave<>+88(SB)/8, $0x8080098080088080
DATA weave<>+96(SB)/8, $0x0d80800c80800b80
DATA weave<>+104(SB)/8, $0x80800f80800e8080
DATA weave<>+112(SB)/8, $0x80800c80800b8080
DATA weave<>+120(SB)/8, $0x800f80800e80800d
DATA weave<>+128(SB)/8, $0x800c80800b80800a
DATA weave<>+136(SB)/8, $0x0f80800e80800d80
GLOBL weave<>(SB), RODATA|NOPTR, $144

// CONVERT makes words of red, green and blue, in Y5, Y6 and Y7, of luma in Y0 and chroma in Y1 (Cb) and Y2 (Cr). Y15
// holds 128, Y14 the rounding, Y13 two.
#define CONVERT \
	VPSUBW LUMA_OFFSET, Y0, Y0; \
	VPSUBW Y15, Y1, Y1; \
	VPSUBW Y15, Y2, Y2; \
	VPUNPCKLWD Y2, Y0, Y3; \
	VPUNPCKHWD Y2, Y0, Y4; \
	VPMADDWD RED, Y3, Y5; \
	VPMADDWD RED, Y4, Y6; \
	VPADDD Y14, Y5, Y5; \
	VPADDD Y14, Y6, Y6; \
	VPSRAD $16, Y5, Y5; \
	VPSRAD $16, Y6, Y6; \
	VPACKSSDW Y6, Y5, Y5; \
	VPADDW Y0, Y5, Y5; \
	VPADDW Y2, Y5, Y5; \
	VPAND RED_AGAIN, Y2, Y6; \
	VPADDW Y6, Y5, Y5; \
	VPMADDWD GREEN_V, Y3, Y3; \
	VPMADDWD GREEN_V, Y4, Y4; \
	VPUNPCKLWD Y13, Y1, Y6; \
	VPUNPCKHWD Y13, Y1, Y7; \
	VPMADDWD GREEN_U, Y6, Y6; \
	VPMADDWD GREEN_U, Y7, Y7; \
	VPADDD Y3, Y6, Y6; \
	VPADDD Y4, Y7, Y7; \
	VPSRAD $16, Y6, Y6; \
	VPSRAD $16, Y7, Y7; \
	VPACKSSDW Y7, Y6, Y6; \
	VPADDW Y0, Y6, Y6; \
	VPSUBW Y2, Y6, Y6; \
	VPUNPCKLWD Y1, Y0, Y3; \
	VPUNPCKHWD Y1, Y0, Y4; \
	VPMADDWD BLUE, Y3, Y3; \
	VPMADDWD BLUE, Y4, Y4; \
	VPADDD Y14, Y3, Y3; \
	VPADDD Y14, Y4, Y4; \
	VPSRAD $16, Y3, Y3; \
	VPSRAD $16, Y4, Y4; \
	VPACKSSDW Y4, Y3, Y7; \
	VPADDW Y0, Y7, Y7; \
	VPADDW Y1, Y7, Y7; \
	VPADDW Y1, Y7, Y7

#define PART(AT) \
	VPSHUFB weave<>+AT(SB), X8, X10; \
	VPSHUFB weave<>+(AT+16)(SB), X9, X11; \
	VPSHUFB weave<>+(AT+32)(SB), X7, X12; \
	VPOR X11, X10, X10; \
	VPOR X12, X10, X10

// WRITE stores 16 pixels, clamped, and goes on.
#define WRITE \
	VPACKUSWB Y6, Y5, Y8; \
	VPERMQ $0xd8, Y8, Y8; \
	VEXTRACTI128 $1, Y8, X9; \
	VPACKUSWB Y7, Y7, Y7; \
	VPERMQ $0x08, Y7, Y7; \
	PART(0); \
	VMOVDQU X10, (DI); \
	PART(48); \
	VMOVDQU X10, 16(DI); \
	PART(96); \
	VMOVDQU X10, 32(DI); \
	ADDQ $48, DI

#define CONSTANTS \
	VPBROADCASTD grey128<>(SB), Y15; \
	VPBROADCASTD roundUp<>(SB), Y14; \
	VPBROADCASTD two<>(SB), Y13

// func packedRow(to, from *byte, n int, c *conversion)
// n is a multiple of 16, and not 0.
TEXT ·packedRow(SB), NOSPLIT, $0-32
	MOVQ to+0(FP), DI
	MOVQ from+8(FP), SI
	MOVQ n+16(FP), R8
	MOVQ c+24(FP), CX
	CONSTANTS

loop:
	VMOVDQU (SI), Y3
	VPAND lowBytes<>(SB), Y3, Y0
	VPSHUFB packedU<>(SB), Y3, Y1
	VPSHUFB packedV<>(SB), Y3, Y2
	ADDQ $32, SI
	CONVERT
	WRITE
	SUBQ $16, R8
	JNZ  loop
	VZEROUPPER
	RET

// func pairedRow(to, luma, chroma *byte, n int, c *conversion)
// n is a multiple of 16, and not 0.
TEXT ·pairedRow(SB), NOSPLIT, $0-40
	MOVQ to+0(FP), DI
	MOVQ luma+8(FP), SI
	MOVQ chroma+16(FP), DX
	MOVQ n+24(FP), R8
	MOVQ c+32(FP), CX
	CONSTANTS

loop:
	VPMOVZXBW (SI), Y0
	VBROADCASTI128 (DX), Y3
	VPSHUFB pairedU<>(SB), Y3, Y1
	VPSHUFB pairedV<>(SB), Y3, Y2
	ADDQ $16, SI
	ADDQ $16, DX
	CONVERT
	WRITE
	SUBQ $16, R8
	JNZ  loop
	VZEROUPPER
	RET

// func planarRow(to, luma, cb, cr *byte, n int, c *conversion)
// n is a multiple of 16, and not 0; each value of cb and cr is that of two pixels.
TEXT ·planarRow(SB), NOSPLIT, $0-48
	MOVQ to+0(FP), DI
	MOVQ luma+8(FP), SI
	MOVQ cb+16(FP), DX
	MOVQ cr+24(FP), BX
	MOVQ n+32(FP), R8
	MOVQ c+40(FP), CX
	CONSTANTS

loop:
	VPMOVZXBW (SI), Y0
	VPBROADCASTQ (DX), Y1
	VPBROADCASTQ (BX), Y2
	VPSHUFB single<>(SB), Y1, Y1
	VPSHUFB single<>(SB), Y2, Y2
	ADDQ $16, SI
	ADDQ $8, DX
	ADDQ $8, BX
	CONVERT
	WRITE
	SUBQ $16, R8
	JNZ  loop
	VZEROUPPER
	RET
