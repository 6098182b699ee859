// Command verify-complete checks a proof of completeness (docs/completeness.md): that the listed entries are all
// entries of a log about a subject in a time. The log's part is Go's own checksum database,
// golang.org/x/mod/sumdb; the index's part is below. Nothing of the project's code is in it.
//
//	verify-complete VKEY FILE
//
// Prints the time covered and the index of each entry. Exit status 1 where something does not hold.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	format     = "hjemmel completeness proof v1"
	depth      = 48
	shallowest = 16
)

type included struct {
	Index int64
	Leaf  string
	Path  []string
}

type record struct {
	included
	Opening string
}

type period struct {
	Entry          included
	Account        string
	AccountOpening string `json:"account_opening"`
	Key            string
	Path           []string
	Salt           string
	Records        []record
}

type proof struct {
	Format     string
	Checkpoint string
	Subject    string
	Periods    []period
}

type leaf struct {
	Kind        string
	Commitments map[string]string
	Details     map[string]string
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: verify-complete VKEY FILE")
		os.Exit(1)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(vkey, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var p proof
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return err
	}
	if p.Format != format || len(p.Periods) == 0 {
		return fmt.Errorf("not a %s", format)
	}
	tree, err := checkpoint(vkey, p.Checkpoint)
	if err != nil {
		return err
	}
	var end int64
	var since, until string
	for number, one := range p.Periods {
		told, err := closed(tree, one)
		if err != nil {
			return fmt.Errorf("period %d: %w", number, err)
		}
		first, _ := strconv.ParseInt(told["first"], 10, 64)
		if number == 0 {
			since = told["since"]
		} else if first != end || told["since"] != until {
			return fmt.Errorf("period %d does not begin where the one before ended", number)
		}
		end, _ = strconv.ParseInt(told["end"], 10, 64)
		until = told["until"]
		if first >= end || end > one.Entry.Index {
			return fmt.Errorf("period %d is over no entries before its own", number)
		}
		if err := index(told, one, p.Subject); err != nil {
			return fmt.Errorf("period %d: %w", number, err)
		}
		for _, r := range one.Records {
			if r.Index < first || r.Index >= end {
				return fmt.Errorf("entry %d is not in its period", r.Index)
			}
			if err := about(tree, r, p.Subject); err != nil {
				return fmt.Errorf("entry %d: %w", r.Index, err)
			}
		}
	}
	fmt.Printf("since %q until %q\n", since, until)
	for _, one := range p.Periods {
		for _, r := range one.Records {
			fmt.Printf("entry %d\n", r.Index)
		}
	}
	return nil
}

// closed proves the entry that closed a period, and holds the account to it.
func closed(tree tlog.Tree, p period) (map[string]string, error) {
	entry, err := contained(tree, p.Entry)
	if err != nil {
		return nil, err
	}
	if entry.Kind != "period_closed" {
		return nil, fmt.Errorf("entry %d closes no period", p.Entry.Index)
	}
	return entry.Details, commits(entry.Details["account"], p.AccountOpening, "account", p.Account)
}

// index leads from the subject's place to the root of the index.
func index(told map[string]string, p period, subject string) error {
	key, err := exactly(p.Key, 32)
	if err != nil {
		return err
	}
	committed := sha256.Sum256(append([]byte{5}, key...))
	if hex.EncodeToString(committed[:]) != told["key"] {
		return fmt.Errorf("another key than the period was closed with")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("subject\x00" + subject))
	pseudonym := mac.Sum(nil)
	hash, err := exactly(p.Salt, 32)
	if err != nil {
		return err
	}
	least := shallowest
	if len(p.Records) > 0 {
		least = depth
		hash = append(append([]byte{3}, hash...), pseudonym...)
		last := int64(-1)
		for _, r := range p.Records {
			if r.Index <= last {
				return fmt.Errorf("entries do not ascend")
			}
			last = r.Index
			hash = binary.BigEndian.AppendUint64(hash, uint64(r.Index))
		}
	} else {
		hash = append([]byte{4}, hash...)
	}
	if len(p.Path) < least || len(p.Path) > depth {
		return fmt.Errorf("the path through the index has the wrong length")
	}
	sum := sha256.Sum256(hash)
	for i, text := range p.Path {
		sibling, err := exactly(text, 32)
		if err != nil {
			return err
		}
		bit := len(p.Path) - 1 - i // from the left of the pseudonym
		if pseudonym[bit/8]>>(7-bit%8)&1 == 1 {
			sum = sha256.Sum256(append(append([]byte{2}, sibling...), sum[:]...))
		} else {
			sum = sha256.Sum256(append(append([]byte{2}, sum[:]...), sibling...))
		}
	}
	if hex.EncodeToString(sum[:]) != told["root"] {
		return fmt.Errorf("the path does not lead to the root of the index")
	}
	return nil
}

func about(tree tlog.Tree, r record, subject string) error {
	entry, err := contained(tree, r.included)
	if err != nil {
		return err
	}
	return commits(entry.Commitments["subject"], r.Opening, "subject", subject)
}

func contained(tree tlog.Tree, i included) (leaf, error) {
	var entry leaf
	var path tlog.RecordProof
	for _, text := range i.Path {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return entry, err
		}
		path = append(path, hash)
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, i.Index, tlog.RecordHash([]byte(i.Leaf))); err != nil {
		return entry, err
	}
	return entry, json.Unmarshal([]byte(i.Leaf), &entry)
}

func commits(commitment, opening, name, value string) error {
	key, err := exactly(opening, 32)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(name + "\x00" + value))
	if commitment == "" || hex.EncodeToString(mac.Sum(nil)) != commitment {
		return fmt.Errorf("the %s is not the one that is committed to", name)
	}
	return nil
}

func exactly(text string, size int) ([]byte, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil && len(data) != size {
		err = fmt.Errorf("not %d bytes", size)
	}
	return data, err
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
