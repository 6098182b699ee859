// Command tessera-append appends entries to a log of Tessera's POSIX driver with a number of callers that
// wait at once, and tells how fast they were acknowledged.
//
// An entry is acknowledged when the driver says that it is sequenced and integrated, which it does after
// its files are synchronised; "published" is when a checkpoint commits to it.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"log"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

type result struct {
	Entries int     `json:"entries"`
	Rate    float64 `json:"rate"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

func main() {
	dir := flag.String("dir", "", "an empty folder for the log")
	callers := flag.Int("callers", 1, "how many wait at once")
	count := flag.Int("entries", 0, "end after so many, instead of after a time")
	period := flag.Duration("period", 3*time.Second, "how long to measure")
	warm := flag.Duration("warm", 500*time.Millisecond, "how long not to measure before that")
	size := flag.Int("size", 1136, "bytes of an entry")
	batch := flag.Uint("batch", 256, "most entries in a batch")
	age := flag.Duration("age", time.Second, "how long a batch is gathered for, at most")
	published := flag.Bool("published", false, "wait until a checkpoint commits to the entry")
	flag.Parse()

	ctx := context.Background()
	key, _, err := note.GenerateKey(rand.Reader, "hjemmel.example/tessera")
	check(err)
	signer, err := note.NewSigner(key)
	check(err)
	driver, err := posix.New(ctx, posix.Config{Path: *dir})
	check(err)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(100*time.Millisecond).
		WithBatching(*batch, *age))
	check(err)
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 10*time.Millisecond)

	begun := time.Now()
	from, until := begun.Add(*warm), begun.Add(*warm+*period)
	if *count > 0 {
		from, until = begun, begun.Add(time.Hour)
	}
	var all []float64
	var lock sync.Mutex
	var wait sync.WaitGroup
	for range *callers {
		wait.Go(func() {
			var took []float64
			for n := 0; time.Now().Before(until) && (*count == 0 || n < *count / *callers); n++ {
				data := make([]byte, *size)
				rand.Read(data)
				asked := time.Now()
				future := appender.Add(ctx, tessera.NewEntry(data))
				if *published {
					_, _, err := awaiter.Await(ctx, future)
					check(err)
				} else {
					_, err := future()
					check(err)
				}
				if done := time.Now(); asked.After(from) && done.Before(until) {
					took = append(took, done.Sub(asked).Seconds()*1000)
				}
			}
			lock.Lock()
			all = append(all, took...)
			lock.Unlock()
		})
	}
	wait.Wait()
	measured := min(time.Since(from), until.Sub(from)).Seconds()
	check(shutdown(ctx))
	if len(all) == 0 {
		log.Fatal("nothing was acknowledged in that time")
	}
	sort.Float64s(all)
	at := func(share float64) float64 { return all[int(share*float64(len(all)-1))] }
	check(json.NewEncoder(os.Stdout).Encode(result{len(all), float64(len(all)) / measured, at(0.5), at(0.99)}))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
