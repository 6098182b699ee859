package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// fork checks a file of evidence: two checkpoints that the log signed and that cannot both be true. Where
// their sizes differ, the file has the root that the larger tree had at the smaller size, and its proof.
func fork(vkey, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 3 || lines[0] != "hjemmel/fork-evidence@v1" {
		return fmt.Errorf("%s is no evidence of a fork", path)
	}
	var trees []tlog.Tree
	for _, line := range lines[1:3] {
		signed, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(line, "checkpoint "))
		if err != nil {
			return err
		}
		tree, err := checkpoint(vkey, string(signed))
		if err != nil {
			return err
		}
		trees = append(trees, tree)
	}
	if trees[0].N != trees[1].N {
		if len(lines) < 4 {
			return fmt.Errorf("the file alone does not prove it: it lacks the root at %d entries", trees[0].N)
		}
		root, err := tlog.ParseHash(strings.TrimPrefix(lines[3], "root "))
		if err != nil {
			return err
		}
		proof, err := hashes(lines[4:])
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, trees[1].N, trees[1].Hash, trees[0].N, root); err != nil {
			return err
		}
		trees[1].Hash = root
	}
	if trees[0].Hash == trees[1].Hash {
		return fmt.Errorf("no fork: one tree extends the other")
	}
	fmt.Printf("two roots were signed for %d entries\n", trees[0].N)
	return nil
}
