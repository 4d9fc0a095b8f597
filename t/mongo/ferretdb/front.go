// SPDX-License-Identifier: Apache-2.0

// Front takes connections of MongoDB's protocol, with or without TLS, and passes their messages on to a server:
//
//	front -to SOCKET -listen 127.0.0.1:PORT [-one=false] [-cert FILE -key FILE]
//
// With -one (the default) it gives the server one message of all clients at a time. FerretDB 1 reads, changes and writes
// a document in separate steps, so of two conditional updates at the same time both can succeed. One at a time, each is
// atomic, as in MongoDB.
//
// It ends when its standard input closes.
package main

import (
	"crypto/tls"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"
)

// Sizes and values of the protocol: four 32-bit numbers are the header of a message (length, id, id of the question, kind).
const (
	headerLen  = 16
	longest    = 48000000 // maxMessageSizeBytes of MongoDB
	kindMsg    = 2013     // OP_MSG; 32 bits of flags follow the header
	moreToCome = 2        // the flag of a message that gets no answer
)

func readMessage(from io.Reader) ([]byte, error) {
	header := make([]byte, headerLen)
	if _, err := io.ReadFull(from, header); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header)
	if length < headerLen || length > longest {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	message := make([]byte, length)
	copy(message, header)
	_, err := io.ReadFull(from, message[headerLen:])
	return message, err
}

func getsAnswer(message []byte) bool {
	return binary.LittleEndian.Uint32(message[12:]) != kindMsg || len(message) < headerLen+4 ||
		binary.LittleEndian.Uint32(message[headerLen:])&moreToCome == 0
}

type front struct {
	to   string
	one  bool
	turn sync.Mutex
}

// exchange passes a message on and returns the server's answer. It reads the answer also if the client has gone, so that
// the server has finished with the message before the next one.
func (f *front) exchange(server net.Conn, message []byte) ([]byte, error) {
	if f.one {
		f.turn.Lock()
		defer f.turn.Unlock()
	}
	if _, err := server.Write(message); err != nil || !getsAnswer(message) {
		return nil, err
	}
	return readMessage(server)
}

// serve gives one client a connection of its own to the server, because a connection is what is signed in.
func (f *front) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", f.to)
	if err != nil {
		return // the server is away; the client sees its connection end
	}
	defer server.Close()
	for {
		message, err := readMessage(client)
		if err != nil {
			return
		}
		answer, err := f.exchange(server, message)
		if err != nil {
			return
		}
		if _, err = client.Write(answer); err != nil {
			return
		}
	}
}

func listen(address, cert, key string) (net.Listener, error) {
	if cert == "" {
		return net.Listen("tcp", address)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
}

func main() {
	f := front{}
	flag.StringVar(&f.to, "to", "", "Unix socket of the server")
	flag.BoolVar(&f.one, "one", true, "give the server one message at a time")
	address := flag.String("listen", "127.0.0.1:0", "address and port")
	cert := flag.String("cert", "", "file of the certificate, for TLS")
	key := flag.String("key", "", "file of its key")
	flag.Parse()
	listener, err := listen(*address, *cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go f.serve(client)
	}
}
