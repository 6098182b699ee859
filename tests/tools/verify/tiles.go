package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
	spread = 64 // how many entries and sizes are proved one by one
)

// folder reads the tiles of c2sp.org/tlog-tiles, whose paths are those of the checksum database without
// the height.
type folder string

func (folder) Height() int                     { return height }
func (folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// read takes the complete tile where the partial one is not there any more.
func (f folder) read(tile tlog.Tile) ([]byte, error) {
	data, err := os.ReadFile(f.path(tile))
	if os.IsNotExist(err) && tile.W < width {
		whole := tile
		whole.W = width
		data, err = os.ReadFile(f.path(whole))
		if err == nil && tile.L >= 0 && len(data) == width*tlog.HashSize {
			data = data[:tile.W*tlog.HashSize]
		}
	}
	return data, err
}

func (f folder) path(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return filepath.Join(string(f), "tile", strings.Replace(path, "data/", "entries/", 1))
}

// tiles checks every entry of a folder of tiles, then proves a spread of entries, and of earlier sizes,
// from the tiles alone. Of older checkpoints it proves that the folder's extends them.
func tiles(vkey, path string, older []string) error {
	signed, err := os.ReadFile(filepath.Join(path, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := checkpoint(vkey, string(signed))
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, folder(path))
	if tree.N == 0 {
		root, err := tlog.TreeHash(0, reader)
		if err != nil || root != tree.Hash {
			return fmt.Errorf("an empty log has another root (%v)", err)
		}
	}
	for first := int64(0); first < tree.N; first += width {
		if err := bundle(folder(path), reader, first, min(first+width, tree.N)); err != nil {
			return err
		}
	}
	for n := int64(0); n < spread && tree.N > 0; n++ {
		if err := proofs(reader, tree, (tree.N-1)*n/(spread-1)); err != nil {
			return err
		}
	}
	for _, path := range older {
		if err := extends(vkey, path, reader, tree); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries lead to the checkpoint\n", tree.N)
	return nil
}

// bundle holds the entries [first, end) to the hashes that the tiles have, which are held to the root.
func bundle(f folder, reader tlog.HashReader, first, end int64) error {
	data, err := f.read(tlog.Tile{H: height, L: -1, N: first / width, W: int(end - first)})
	if err != nil {
		return err
	}
	var indexes []int64
	for index := first; index < end; index++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, index))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for n, hash := range hashes {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return fmt.Errorf("the bundle ends within entry %d", first+int64(n))
		}
		length := 2 + int(binary.BigEndian.Uint16(data))
		if tlog.RecordHash(data[2:length]) != hash {
			return fmt.Errorf("entry %d is not the one that the checkpoint commits to", first+int64(n))
		}
		data = data[length:]
	}
	if len(data) > 0 && end-first == width {
		return fmt.Errorf("the bundle goes on after entry %d", end-1)
	}
	return nil
}

// proofs makes and checks the proof of an entry, and that of the tree that ended with it.
func proofs(reader tlog.HashReader, tree tlog.Tree, index int64) error {
	leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	record, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(record, tree.N, tree.Hash, index, leaf[0]); err != nil {
		return err
	}
	old, err := tlog.TreeHash(index+1, reader)
	if err != nil {
		return err
	}
	growth, err := tlog.ProveTree(tree.N, index+1, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(growth, tree.N, tree.Hash, index+1, old)
}

func extends(vkey, path string, reader tlog.HashReader, tree tlog.Tree) error {
	signed, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	old, err := checkpoint(vkey, string(signed))
	if err != nil {
		return err
	}
	if old.N > tree.N {
		return fmt.Errorf("the log was rolled back from %d entries to %d", old.N, tree.N)
	}
	if old.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}
