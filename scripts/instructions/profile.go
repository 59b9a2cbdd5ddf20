package main

import (
	"bufio"
	"cmp"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"slices"
)

// profile is executed instructions by the address of their block.
type profile map[uint64]int64

func readProfile(path string) (profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := profile{}
	for in := bufio.NewReader(f); ; {
		var address uint64
		var instructions, executions int64
		switch n, err := fmt.Fscanf(in, "%x %d %d\n", &address, &instructions, &executions); {
		case n == 0 && err == io.EOF:
			return p, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		p[address] += instructions * executions
	}
}

// minus is a profile of one run of n that p has more than q.
func (p profile) minus(q profile, n int64) profile {
	d := profile{}
	for address, count := range p {
		if count -= q[address]; count != 0 {
			d[address] = count / n
		}
	}
	return d
}

func (p profile) total() int64 {
	var sum int64
	for _, count := range p {
		sum += count
	}
	return sum
}

// print lists the functions that take more than a thousandth.
func (p profile) print(w io.Writer, binary string) error {
	f, err := elf.Open(binary)
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	slices.SortFunc(symbols, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	sums := map[string]int64{}
	for address, count := range p {
		i, found := slices.BinarySearchFunc(symbols, address, func(s elf.Symbol, a uint64) int { return cmp.Compare(s.Value, a) })
		if !found {
			i--
		}
		if i >= 0 {
			sums[symbols[i].Name] += count
		}
	}
	var names []string
	total := p.total()
	for name, sum := range sums {
		if sum > total/1000 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(sums[b], sums[a]) })
	for _, name := range names {
		fmt.Fprintf(w, "  %5.1f %% %12d %s\n", 100*float64(sums[name])/float64(total), sums[name], name)
	}
	return nil
}
