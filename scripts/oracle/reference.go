package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
)

// reference is onnxruntime, as a node process that gets all inputs in files.
type reference struct{ runtime, work string }

// result is what one inference gave.
type result struct {
	milliseconds float64
	outputs      []output
}

type output struct {
	name  string
	shape []int
	data  []float32
}

type job struct {
	Runs []jobRun `json:"runs"`
}

type jobRun struct {
	Model string `json:"model"`
	Input string `json:"input"`
	Shape []int  `json:"shape"`
	Data  string `json:"data"`
}

type jobReply struct {
	Version string `json:"version"`
	Runs    []struct {
		Milliseconds float64 `json:"milliseconds"`
		Outputs      []struct {
			Name  string `json:"name"`
			Shape []int  `json:"shape"`
			Data  string `json:"data"`
		} `json:"outputs"`
	} `json:"runs"`
}

// do runs all and returns the results in order and the runtime's version.
func (r reference) do(models string, runs []inference) ([]result, string, error) {
	var j job
	for i, one := range runs {
		name := fmt.Sprintf("%d.in", i)
		if err := writeFloats(filepath.Join(r.work, name), one.data); err != nil {
			return nil, "", err
		}
		model := filepath.Join(models, one.network.File)
		j.Runs = append(j.Runs, jobRun{Model: model, Input: one.network.Input.Name, Shape: one.shape, Data: name})
	}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, "", fmt.Errorf("oracle: %w", err)
	}
	jobFile := filepath.Join(r.work, "job.json")
	if err := os.WriteFile(jobFile, text, 0o600); err != nil {
		return nil, "", fmt.Errorf("oracle: %w", err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("node", filepath.Join("scripts", "oracle", "oracle.mjs"), r.runtime, jobFile)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, "", fmt.Errorf("oracle: onnxruntime: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var reply jobReply
	if err := json.Unmarshal(stdout.Bytes(), &reply); err != nil {
		return nil, "", fmt.Errorf("oracle: onnxruntime's reply: %w", err)
	}
	results := make([]result, len(reply.Runs))
	for i, one := range reply.Runs {
		results[i].milliseconds = one.Milliseconds
		for _, o := range one.Outputs {
			data, err := readFloats(filepath.Join(r.work, o.Data))
			if err != nil {
				return nil, "", err
			}
			results[i].outputs = append(results[i].outputs, output{name: o.Name, shape: o.Shape, data: data})
		}
	}
	return results, reply.Version, nil
}

func floatBytes(values []float32) []byte {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return raw
}

func writeFloats(path string, values []float32) error {
	if err := os.WriteFile(path, floatBytes(values), 0o600); err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	return nil
}

func readFloats(path string) ([]float32, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("oracle: %w", err)
	}
	values := make([]float32, len(raw)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return values, nil
}
