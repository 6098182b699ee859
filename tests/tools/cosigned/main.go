// Command cosigned makes and checks cosignatures with github.com/transparency-dev/formats, which the
// witnesses of transparency.dev use. Nothing of the project's code is in it.
//
//	cosigned check LOG-VKEY COSIGNER-VKEY CHECKPOINT
//	cosigned make ed25519|mldsa NAME LOG-VKEY CHECKPOINT
//
// `make` prints the vkey of a key that it makes up, and then the checkpoint with the cosignature.
package main

import (
	"crypto/rand"
	"fmt"
	"os"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 4 && arguments[0] == "check":
		return check(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 5 && arguments[0] == "make":
		return cosign(arguments[1], arguments[2], arguments[3], arguments[4])
	}
	return fmt.Errorf("usage: cosigned check LOG-VKEY COSIGNER-VKEY FILE | make KIND NAME LOG-VKEY FILE")
}

func check(logKey, cosignerKey, path string) error {
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return err
	}
	cosigner, err := cosignature.NewVerifierForCosignatureV1(cosignerKey)
	if err != nil {
		return err
	}
	opened, err := open(path, log, cosigner)
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 2 {
		return fmt.Errorf("%d signatures hold, not two", len(opened.Sigs))
	}
	return nil
}

func cosign(kind, name, logKey, path string) error {
	generate := cosignature.GenerateMLDSAKey
	if kind == "ed25519" {
		generate = generateEd25519
	}
	secret, public, err := generate(name)
	if err != nil {
		return err
	}
	signer, err := cosignature.NewSignerForCosignatureV1(secret)
	if err != nil {
		return err
	}
	log, err := note.NewVerifier(logKey)
	if err != nil {
		return err
	}
	opened, err := open(path, log)
	if err != nil {
		return err
	}
	signed, err := note.Sign(opened, signer)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s", public, signed)
	return nil
}

func generateEd25519(name string) (string, string, error) {
	secret, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", "", err
	}
	public, err = cosignature.VKeyToCosignatureV1(public)
	return secret, public, err
}

func open(path string, verifiers ...note.Verifier) (*note.Note, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return note.Open(data, note.VerifierList(verifiers...))
}
