//go:build !amd64

package vision

func packedVectors(_, _ []byte) int       { return 0 }
func pairedVectors(_, _, _ []byte) int    { return 0 }
func planarVectors(_, _, _, _ []byte) int { return 0 }

func (p *planes) resizeStart(int, *columns, int, []byte, int, int, uint32) int { return 0 }
