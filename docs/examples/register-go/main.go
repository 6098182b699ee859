// An example of a register in a process of its own, in another language than the broker's: it serves one
// file of comma-separated values. The first line names the attributes with their types, "number:integer",
// and the two times of a record's effect, "virkningFra" and "virkningTil" (RFC 3339, no end: still).
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	pb "hjemmel/examples/register/registry"
)

var (
	file    = flag.String("file", "", "the file to serve")
	dataset = flag.String("dataset", "", "name of the dataset")
	keyKind = flag.String("key-kind", "", "kind of key")
	key     = flag.String("key", "", "attribute that holds the key")
	address = flag.String("address", "127.0.0.1:0", "where to listen")
	ca      = flag.String("ca", "", "authorities of the brokers' certificates, PEM")
	cert    = flag.String("cert", "", "this register's certificate, PEM")
	private = flag.String("cert-key", "", "its private key, PEM")
)

type register struct {
	pb.UnimplementedRegistryServiceServer
	types map[string]string // by attribute
	rows  []map[string]string
}

func (r *register) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	served := &pb.ServedDataset{Name: *dataset, KeyKinds: []string{*keyKind}}
	for name, kind := range r.types {
		served.Attributes = append(served.Attributes, &pb.ServedAttribute{Name: name, Type: kind})
	}
	return &pb.DescribeResponse{Datasets: []*pb.ServedDataset{served}, MostKeys: 100}, nil
}

func (r *register) Fetch(q *pb.FetchRequest, stream grpc.ServerStreamingServer[pb.FetchResponse]) error {
	if q.Dataset != *dataset || q.KeyKind != *keyKind {
		return status.Error(codes.NotFound, "no such dataset or key")
	}
	for _, row := range r.rows {
		if !slices.Contains(q.Keys, row[*key]) || !holds(row, q.EffectTime.AsTime()) {
			continue
		}
		record := &pb.FoundRecord{Key: row[*key], Attributes: map[string]*pb.RecordValue{}}
		for _, name := range q.Attributes {
			if row[name] == "" {
				continue
			}
			value, err := valueOf(row[name], r.types[name])
			if err != nil { // never with the value: it may be personal data
				return status.Error(codes.DataLoss, "a value is not of its type")
			}
			record.Attributes[name] = value
		}
		if err := stream.Send(&pb.FetchResponse{Records: []*pb.FoundRecord{record}}); err != nil {
			return err
		}
	}
	return nil
}

func holds(row map[string]string, at time.Time) bool {
	from, err := time.Parse(time.RFC3339, row["virkningFra"])
	if err != nil || at.Before(from) {
		return false
	}
	until, err := time.Parse(time.RFC3339, row["virkningTil"])
	return row["virkningTil"] == "" || (err == nil && at.Before(until))
}

func valueOf(text, kind string) (*pb.RecordValue, error) {
	switch kind {
	case "integer":
		number, err := strconv.ParseInt(text, 10, 64)
		return &pb.RecordValue{Kind: &pb.RecordValue_Integer{Integer: number}}, err
	case "boolean":
		truth, err := strconv.ParseBool(text)
		return &pb.RecordValue{Kind: &pb.RecordValue_Boolean{Boolean: truth}}, err
	default:
		return &pb.RecordValue{Kind: &pb.RecordValue_Text{Text: text}}, nil
	}
}

func read(path string) *register {
	opened := must(os.Open(path))
	defer opened.Close()
	lines := must(csv.NewReader(opened).ReadAll())
	made := &register{types: map[string]string{}}
	for i, head := range lines[0] {
		name, kind, typed := strings.Cut(head, ":")
		lines[0][i] = name
		if typed {
			made.types[name] = kind
		}
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		made.rows = append(made.rows, row)
	}
	return made
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	flag.Parse()
	brokers := x509.NewCertPool()
	brokers.AppendCertsFromPEM(must(os.ReadFile(*ca)))
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(*cert, *private))},
		ClientCAs:    brokers,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS13,
	})))
	pb.RegisterRegistryServiceServer(server, read(*file))
	listener := must(net.Listen("tcp", *address))
	fmt.Println(listener.Addr())
	log.Fatal(server.Serve(listener))
}
