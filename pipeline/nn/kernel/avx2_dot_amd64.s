#include "textflag.h"

// func dotVector(a, b *float32, n int) float32
// n is a multiple of 32. (With b from memory, asking for lines ahead makes it slower, and so does taking several rows at a
// time.)
TEXT ·dotVector(SB), NOSPLIT, $0-28
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), DX
	MOVQ n+16(FP), R8
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	XORQ AX, AX

dotstep:
	VMOVUPS (DX)(AX*4), Y4
	VMOVUPS 32(DX)(AX*4), Y5
	VMOVUPS 64(DX)(AX*4), Y6
	VMOVUPS 96(DX)(AX*4), Y7
	VFMADD231PS (SI)(AX*4), Y4, Y0
	VFMADD231PS 32(SI)(AX*4), Y5, Y1
	VFMADD231PS 64(SI)(AX*4), Y6, Y2
	VFMADD231PS 96(SI)(AX*4), Y7, Y3
	ADDQ $32, AX
	CMPQ AX, R8
	JLT  dotstep
	VADDPS Y1, Y0, Y0
	VADDPS Y3, Y2, Y2
	VADDPS Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS X1, X0, X0
	VHADDPS X0, X0, X0
	VHADDPS X0, X0, X0
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func dots8Vectors(out *int32, probe, rows *int8, dimension, count int)
// dimension is a multiple of 32. Products of bytes are added in pairs as 32 bits, which can't overflow: 2 · 127².
TEXT ·dots8Vectors(SB), NOSPLIT, $0-40
	MOVQ out+0(FP), DI
	MOVQ probe+8(FP), SI
	MOVQ rows+16(FP), DX
	MOVQ dimension+24(FP), R8
	MOVQ count+32(FP), CX

dot8row:
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	XORQ AX, AX

dot8step:
	VPMOVSXBW (DX)(AX*1), Y2
	VPMOVSXBW (SI)(AX*1), Y3
	VPMOVSXBW 16(DX)(AX*1), Y4
	VPMOVSXBW 16(SI)(AX*1), Y5
	VPMADDWD Y3, Y2, Y2
	VPMADDWD Y5, Y4, Y4
	VPADDD Y2, Y0, Y0
	VPADDD Y4, Y1, Y1
	ADDQ $32, AX
	CMPQ AX, R8
	JLT  dot8step
	ADDQ AX, DX
	VPADDD Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD X1, X0, X0
	VPHADDD X0, X0, X0
	VPHADDD X0, X0, X0
	VMOVD X0, (DI)
	ADDQ $4, DI
	DECQ CX
	JNZ  dot8row
	VZEROUPPER
	RET
