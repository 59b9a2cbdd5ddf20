package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"umbral/pipeline/credential"
	"umbral/pipeline/credential/symbol"
	"umbral/pipeline/vision"
)

// Sizes of files that the commands read.
const (
	maxIdentityFile = 1 << 20
	maxPhotoSide    = 120  // pixels of the photograph in a credential
	maxPhotoBytes   = 1500 // so that the code stays readable
)

func credentialIssueCommand() *cobra.Command {
	var key, subject, expires, holder, encrypt, photo, png, level string
	var valid time.Duration
	var pixels int
	cmd := &cobra.Command{
		Use:   "issue IDENTITY.json --key FILE",
		Short: "sign an identity; prints the text of its QR code",
		Long: `issue signs an identity: a JSON object with members such as id, fullName, dateOfBirth (YYYYMMDD), gender (1 male, 2 female,
3 other), guardian, and biometrics, a map of parts of the body (face, rightThumb …) to lists of {data (base64), format,
subFormat}. With --holder the credential belongs to a phone's key, and only the phone's wallet can present it.`,
		Args: exactly("IDENTITY.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			signing, err := readFile(key, maxIdentityFile, credential.ParseSigningKey)
			if err != nil {
				return err
			}
			if signing.Issuer == "" {
				return fmt.Errorf(`%s: the file does not say whose key it is (a member "issuer" beside "keys"; umbral credential keygen writes it)`, key)
			}
			id, err := readFile(args[0], maxIdentityFile, parseIdentity)
			if err != nil {
				return err
			}
			if photo != "" {
				if err := addPhoto(id, photo); err != nil {
					return err
				}
			}
			now := time.Now()
			d := credential.Draft{Issuer: signing.Issuer, Subject: subject, Identity: *id, IssuedAt: now, NotBefore: now, Expires: now.Add(valid)}
			if d.Subject == "" {
				d.Subject = id.ID
			}
			if expires != "" {
				if d.Expires, err = parseInstant(expires); err != nil {
					return err
				}
			}
			if holder != "" {
				if d.Holder, err = readHolder(cmd, holder); err != nil {
					return err
				}
			}
			if encrypt != "" {
				k, err := readFile(encrypt, maxIdentityFile, credential.ParseSymmetricKey)
				if err != nil {
					return err
				}
				d.Encrypt = &k
			}
			text, err := credential.Issue(d, signing.Signer, signing.Public.ID)
			if err != nil {
				return err
			}
			if png != "" {
				if len(level) != 1 {
					return fmt.Errorf("--level %q, wanted L, M, Q or H", level)
				}
				var b bytes.Buffer
				if err := symbol.WriteQR(&b, text, symbol.Level(level[0]), pixels); err != nil {
					return err
				}
				if err := os.WriteFile(png, b.Bytes(), 0o600); err != nil { // the picture is the identity
					return err
				}
			}
			fmt.Fprintln(cmd.OutOrStdout(), text)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&key, "key", "", "the issuer's private key")
	flags.StringVar(&subject, "subject", "", "what terminals know the person by; default: the identity's id")
	flags.DurationVar(&valid, "valid", 365*24*time.Hour, "how long it is valid from now")
	flags.StringVar(&expires, "expires", "", "instant at which it expires, rather than --valid")
	flags.StringVar(&holder, "holder", "", "bind it to a wallet's key: its enrolment CODE, or a JWK or PEM file")
	flags.StringVar(&encrypt, "encrypt", "", "encrypt it with this key (a JWK of kty oct, or 16, 24 or 32 bytes)")
	flags.StringVar(&photo, "photo", "", "photograph of the face to put in, made small enough for a code")
	flags.StringVar(&png, "png", "", "write the QR code to this file")
	flags.IntVar(&pixels, "pixels", 4, "pixels a module of the picture")
	flags.StringVar(&level, "level", "L", "error correction of the picture: L, M, Q or H")
	cmd.MarkFlagRequired("key")
	return cmd
}

func parseIdentity(data []byte) (*credential.Identity, error) {
	var id credential.Identity
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&id); err != nil {
		return nil, err
	}
	return &id, nil
}

// addPhoto puts a photograph in as the image of the face. One that is too large is made smaller, step by step.
func addPhoto(id *credential.Identity, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(data) > maxPhotoBytes {
		img, err := vision.ReadPicture(bytes.NewReader(data), vision.DefaultPictureLimits())
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if data, err = smallPhoto(img); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if id.Biometrics == nil {
		id.Biometrics = map[credential.Part][]credential.Biometric{}
	}
	b := credential.Biometric{Data: data, Format: credential.FormatImage, SubFormat: -1}
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG")):
		b.SubFormat = 0
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		b.SubFormat = 1
	case bytes.HasPrefix(data, []byte("RIFF")):
		b.SubFormat = 4
	}
	id.Biometrics[credential.Face] = append(id.Biometrics[credential.Face], b)
	return nil
}

func smallPhoto(img *vision.Image) ([]byte, error) {
	for max(img.Width, img.Height) >= 2*maxPhotoSide && min(img.Width, img.Height) >= 2 { // halving averages, Resize alone would pick pixels
		half := vision.NewImage(img.Width/2, img.Height/2)
		vision.Resize(half, img, img.Bounds())
		img = half
	}
	for side := maxPhotoSide; side >= 48; side -= 12 {
		scale := min(1, float64(side)/float64(max(img.Width, img.Height)))
		small := vision.NewImage(max(1, int(float64(img.Width)*scale)), max(1, int(float64(img.Height)*scale)))
		vision.Resize(small, img, img.Bounds())
		for _, quality := range []int{60, 40, 25} {
			var b bytes.Buffer
			if err := vision.WriteJPEG(&b, small, quality); err != nil {
				return nil, err
			}
			if b.Len() <= maxPhotoBytes {
				return b.Bytes(), nil
			}
		}
	}
	return nil, fmt.Errorf("the photograph cannot be made smaller than %d bytes", maxPhotoBytes)
}
