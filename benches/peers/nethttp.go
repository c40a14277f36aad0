// net/http, the standard library's crypto and XML, and redigo.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"

	"github.com/gomodule/redigo/redis"
)

const (
	bodyMax   = 1 << 20
	dedupeFor = 7 * 24 * 3600
	conns     = 64
)

type envelope struct {
	Encrypt string
}

type event struct {
	Event          string
	ChangeType     string
	ExternalUserID string
}

type server struct {
	token, corp string
	block       cipher.Block
	iv          []byte
	store       *redis.Pool
	accept      *redis.Script
}

var errForged = errors.New("forged")

func main() {
	key, err := base64.StdEncoding.DecodeString(os.Getenv("PEER_AES_KEY") + "=")
	check(err)
	block, err := aes.NewCipher(key)
	check(err)
	lua, err := os.ReadFile(os.Getenv("PEER_LUA"))
	check(err)
	dial := func() (redis.Conn, error) { return redis.DialURL(os.Getenv("PEER_REDIS")) }
	s := &server{
		token:  os.Getenv("PEER_TOKEN"),
		corp:   os.Getenv("PEER_CORP"),
		block:  block,
		iv:     key[:16],
		store:  &redis.Pool{MaxIdle: conns, MaxActive: conns, Wait: true, Dial: dial},
		accept: redis.NewScript(2, string(lua)),
	}
	http.HandleFunc("/callback/app", s.deliver)
	check(http.ListenAndServe("127.0.0.1:"+os.Getenv("PEER_PORT"), nil))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func (s *server) deliver(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	plaintext, err := s.open(r.URL.Query(), body)
	if err != nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	var e event
	if err := xml.Unmarshal(plaintext, &e); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	digest := sha256.Sum256(plaintext)
	conn := s.store.Get()
	defer conn.Close()
	_, err = s.accept.Do(conn, "seen:"+hex.EncodeToString(digest[:]), "events", dedupeFor,
		e.Event, e.ChangeType, e.ExternalUserID, plaintext)
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (s *server) open(query url.Values, body []byte) ([]byte, error) {
	var sealed envelope
	if err := xml.Unmarshal(body, &sealed); err != nil {
		return nil, err
	}
	parts := []string{s.token, query.Get("timestamp"), query.Get("nonce"), sealed.Encrypt}
	sort.Strings(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	signature := []byte(query.Get("msg_signature"))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), signature) != 1 {
		return nil, errForged
	}
	text, err := base64.StdEncoding.DecodeString(sealed.Encrypt)
	if err != nil || len(text) < 32 || len(text)%aes.BlockSize != 0 {
		return nil, errForged
	}
	cipher.NewCBCDecrypter(s.block, s.iv).CryptBlocks(text, text)
	padding := int(text[len(text)-1])
	if padding < 1 || padding > 32 || len(text) < padding+20 {
		return nil, errForged
	}
	text = text[16 : len(text)-padding]
	length := uint64(binary.BigEndian.Uint32(text))
	if length+4 > uint64(len(text)) || string(text[4+length:]) != s.corp {
		return nil, errForged
	}
	return text[4 : 4+length], nil
}
