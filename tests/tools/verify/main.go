// Command verify-receipt checks what our log hands out with the checker of Go's own checksum database,
// golang.org/x/mod/sumdb: its reading of signed notes, its tree. Nothing of the project's code is in it.
//
//	verify-receipt record VKEY RECEIPT
//	verify-receipt consistency VKEY OLD NEW PROOF
//	verify-receipt tiles VKEY FOLDER [OLD...]
//	verify-receipt fork VKEY EVIDENCE
//
// RECEIPT is a c2sp.org/tlog-proof file with the entry in its "extra" line. OLD and NEW are signed
// checkpoints; PROOF holds a hash in base64 on each line. FOLDER is a c2sp.org/tlog-tiles log. EVIDENCE is
// what a client or a witness of ours writes about a fork. Exit status 1 where something does not hold.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 3 && arguments[0] == "record":
		return record(arguments[1], arguments[2])
	case len(arguments) == 5 && arguments[0] == "consistency":
		return consistency(arguments[1], arguments[2], arguments[3], arguments[4])
	case len(arguments) >= 3 && arguments[0] == "tiles":
		return tiles(arguments[1], arguments[2], arguments[3:])
	case len(arguments) == 3 && arguments[0] == "fork":
		return fork(arguments[1], arguments[2])
	}
	return fmt.Errorf("usage: verify-receipt record VKEY RECEIPT | consistency VKEY OLD NEW PROOF" +
		" | tiles VKEY FOLDER [OLD...] | fork VKEY EVIDENCE")
}

func record(vkey, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, signed, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("%s is no tlog-proof file", path)
	}
	extra, hasExtra := strings.CutPrefix(lines[1], "extra ")
	number, hasIndex := strings.CutPrefix(lines[2], "index ")
	if !hasExtra || !hasIndex {
		return fmt.Errorf("%s has no extra line and index line", path)
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(extra)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	proof, err := hashes(lines[3:])
	if err != nil {
		return err
	}
	tree, err := checkpoint(vkey, signed)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("entry %d of %d: %s\n", index, tree.N, entry)
	return nil
}

func consistency(vkey, oldPath, newPath, proofPath string) error {
	var trees []tlog.Tree
	for _, path := range []string{oldPath, newPath} {
		signed, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		tree, err := checkpoint(vkey, string(signed))
		if err != nil {
			return err
		}
		trees = append(trees, tree)
	}
	text, err := os.ReadFile(proofPath)
	if err != nil {
		return err
	}
	proof, err := hashes(strings.Fields(string(text)))
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, trees[1].N, trees[1].Hash, trees[0].N, trees[0].Hash); err != nil {
		return err
	}
	fmt.Printf("%d extends %d\n", trees[1].N, trees[0].N)
	return nil
}

// checkpoint opens a signed note and reads the three lines of c2sp.org/tlog-checkpoint in it.
func checkpoint(vkey, signed string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		list = append(list, hash)
	}
	return list, nil
}
