package document

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"umbral/config/paths"
	"umbral/pipeline/document/documenttest"
	"umbral/pipeline/document/idnumber"
	"umbral/pipeline/vision"
)

const renderScale = documenttest.Scale

// printer draws made-up cards.
type printer struct {
	cards     *documenttest.Printer
	portraits []*vision.Image
}

func (p *printer) card(who person, r *rand.Rand) documenttest.Card {
	c := documenttest.Card{
		Name: who.name, Sex: who.sex, Ethnicity: who.ethnicity, Address: who.address, Number: who.number,
		Year: who.birth.Year, Month: who.birth.Month, Day: who.birth.Day, Authority: who.authority, Validity: who.validity,
	}
	if len(p.portraits) > 0 {
		c.Portrait = pick(r, p.portraits)
	}
	return c
}

func (p *printer) front(_ testing.TB, who person, r *rand.Rand) *image.RGBA {
	return p.cards.Front(p.card(who, r), r)
}

func (p *printer) back(_ testing.TB, who person, r *rand.Rand) *image.RGBA {
	return p.cards.Back(p.card(who, r), r)
}

// newPrinter reads the fonts and the demo's photographs.
func newPrinter(t testing.TB) *printer {
	t.Helper()
	cards, err := documenttest.NewPrinter()
	if err != nil {
		t.Skip(err)
	}
	p := &printer{cards: cards}
	for i := range 6 {
		file, err := os.Open(fmt.Sprintf("%s/sample%d.jpg", paths.Pictures(), i+1))
		if err != nil {
			continue // the portrait's place stays empty
		}
		img, err := vision.ReadPicture(file, vision.DefaultPictureLimits())
		file.Close()
		if err == nil {
			p.portraits = append(p.portraits, img)
		}
	}
	return p
}

// person is somebody who does not exist.
type person struct {
	name, sex, ethnicity, address, number, authority, validity string
	birth                                                      Date
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func newPerson(r *rand.Rand) person {
	surnames := []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤")
	given := []rune("伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂梅红玲辉鹏华建国文志海燕晓春雪婷宇浩然子轩梓涵欣怡佳琪博雅思远诗语嘉豪俊天翔美玉慧珍淑贞凤云飞龙成林森宁波安康")
	towns := []string{"朝阳区", "和平区", "长安区", "小店区", "新城区", "铁西区", "南关区", "道里区", "黄浦区", "玄武区", "上城区", "庐阳区", "鼓楼区", "东湖区", "历下区", "中原区", "江岸区", "岳麓区", "越秀区", "青秀区", "美兰区", "渝中区", "锦江区", "云岩区", "五华区", "城关区", "碑林区", "城西区", "兴庆区", "天山区"}
	provinces := []string{"河北省石家庄市", "山西省太原市", "辽宁省沈阳市", "吉林省长春市", "黑龙江省哈尔滨市", "江苏省南京市", "浙江省杭州市", "安徽省合肥市", "福建省福州市", "江西省南昌市", "山东省济南市", "河南省郑州市", "湖北省武汉市", "湖南省长沙市", "广东省广州市", "海南省海口市", "四川省成都市", "贵州省贵阳市", "云南省昆明市", "陕西省西安市", "甘肃省兰州市", "青海省西宁市"}
	streets := []string{"人民路", "解放街", "建设大道", "中山北路", "光明巷", "幸福里", "和平村", "东风镇石桥村", "文化西路", "长江路", "青年大街", "胜利乡柳树屯", "学府路", "滨河东路", "桃园新村", "五里墩乡前进村"}
	p := person{sex: pick(r, sexes), ethnicity: "汉"}
	if r.IntN(2) == 0 {
		p.ethnicity = pick(r, ethnicities)
	}
	p.name = string(pick(r, surnames))
	for range 1 + r.IntN(2) {
		p.name += string(pick(r, given))
	}
	p.birth = Date{Year: 1950 + r.IntN(55), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}
	province, town := pick(r, provinces), pick(r, towns)
	p.address = province + town + pick(r, streets) + fmt.Sprint(1+r.IntN(300)) + "号"
	if r.IntN(2) == 0 {
		p.address += fmt.Sprintf("%d单元%d室", 1+r.IntN(9), 101+r.IntN(2000))
	}
	sequence := 2 * r.IntN(499)
	if p.sex == "男" {
		sequence++
	}
	digits := fmt.Sprintf("%d01%02d%04d%02d%02d%03d", pick(r, []int{13, 14, 21, 32, 41, 42, 44, 51, 61}), 1+r.IntN(20), p.birth.Year, p.birth.Month, p.birth.Day, sequence)
	p.number = digits + string(idnumber.CheckDigit(digits))
	p.authority = province[len("河北省"):] + "公安局" + town[:len(town)-len("区")] + "分局"
	from := Date{Year: 2012 + r.IntN(10), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)}
	p.validity = fmt.Sprintf("%04d.%02d.%02d-", from.Year, from.Month, from.Day)
	switch age := p.birth.Age(from); {
	case age < 16:
		p.validity += fmt.Sprintf("%04d.%02d.%02d", from.Year+5, from.Month, from.Day)
	case age < 26:
		p.validity += fmt.Sprintf("%04d.%02d.%02d", from.Year+10, from.Month, from.Day)
	case age < 46:
		p.validity += fmt.Sprintf("%04d.%02d.%02d", from.Year+20, from.Month, from.Day)
	default:
		p.validity += longTerm
	}
	return p
}

// shot is how a card is held before the camera.
type shot struct {
	turn         float64 // radians in the picture
	tiltX, tiltY float64 // radians out of it
	width        float64 // of the card in pixels
	blur         float64 // standard deviation in pixels
	glare        float64 // levels added at its brightest
	noise        float64 // standard deviation in levels
	light        float64 // factor
	quality      int     // of the JPEG
	frame        image.Point
}

// photograph shows a card to a camera.
func photograph(t testing.TB, card *image.RGBA, s shot, r *rand.Rand) *vision.Image {
	t.Helper()
	const focal = 1400.0
	cx, cy := float64(s.frame.X)/2+20*r.Float64(), float64(s.frame.Y)/2+20*r.Float64()
	z := focal * CardWidth / s.width // mm
	sx, cxr := math.Sincos(s.tiltX)
	sy, cyr := math.Sincos(s.tiltY)
	st, ct := math.Sincos(s.turn)
	// Rotation about the picture's normal after those about its axes, applied to the card's two axes.
	turn := func(v [3]float64) [3]float64 {
		v = [3]float64{v[0], v[1]*cxr - v[2]*sx, v[1]*sx + v[2]*cxr}
		v = [3]float64{v[0]*cyr + v[2]*sy, v[1], -v[0]*sy + v[2]*cyr}
		return [3]float64{v[0]*ct - v[1]*st, v[0]*st + v[1]*ct, v[2]}
	}
	u, v := turn([3]float64{1}), turn([3]float64{0, 1})
	var h homography // from mm on the card, its middle at the origin
	row := func(i int, f func(w [3]float64) float64) {
		h[3*i], h[3*i+1] = f(u), f(v)
	}
	row(0, func(w [3]float64) float64 { return focal*w[0] + cx*w[2] })
	row(1, func(w [3]float64) float64 { return focal*w[1] + cy*w[2] })
	row(2, func(w [3]float64) float64 { return w[2] })
	h[2], h[5], h[8] = cx*z, cy*z, z
	middle := homography{1. / renderScale, 0, -CardWidth / 2, 0, 1. / renderScale, -CardHeight / 2, 0, 0, 1}
	h = middle.then(&h)
	back, ok := h.inverse()
	if !ok {
		t.Fatal("a card seen from its edge")
	}

	flat := vision.NewImage(card.Rect.Dx(), card.Rect.Dy())
	for y := range flat.Height {
		for x := range flat.Width {
			c := card.RGBAAt(x, y)
			copy(flat.Row(y)[3*x:], []byte{c.R, c.G, c.B})
		}
	}
	out := vision.NewImage(s.frame.X, s.frame.Y)
	warp(out, flat, &back)
	table := [3]float64{60 + 120*r.Float64(), 60 + 100*r.Float64(), 60 + 90*r.Float64()}
	gx, gy := cx+s.width/3*(2*r.Float64()-1), cy+s.width/4*(2*r.Float64()-1)
	shade := 0.25 * r.Float64()
	values := make([]float64, len(out.Pix))
	for y := range out.Height {
		for x := range out.Width {
			p := back.apply(Point{float64(x), float64(y)})
			inside := p.X >= 0 && p.Y >= 0 && p.X < float64(flat.Width) && p.Y < float64(flat.Height)
			d := math.Hypot(float64(x)-gx, float64(y)-gy) / (s.width / 5)
			glare := s.glare * math.Exp(-d*d)
			light := s.light * (1 - shade*float64(x)/float64(out.Width))
			for c := range 3 {
				w := table[c] + 12*math.Sin(float64(x)/23+float64(y)/(7+float64(c)))
				if inside {
					w = float64(out.Row(y)[3*x+c]) + glare
				}
				values[y*out.Stride+3*x+c] = w * light
			}
		}
	}
	values = smooth(values, out.Width, out.Height, s.blur)
	for i, w := range values {
		out.Pix[i] = byte(clamp(w+s.noise*r.NormFloat64(), 0, 255))
	}
	var file bytes.Buffer
	if err := vision.WriteJPEG(&file, out, s.quality); err != nil {
		t.Fatal(err)
	}
	img, err := vision.ReadPicture(&file, vision.DefaultPictureLimits())
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// smooth is a Gaussian blur of interleaved RGB.
func smooth(v []float64, w, h int, sigma float64) []float64 {
	if sigma <= 0 {
		return v
	}
	reach := int(3*sigma) + 1
	weights := make([]float64, 2*reach+1)
	sum := 0.0
	for i := range weights {
		d := float64(i-reach) / sigma
		weights[i] = math.Exp(-d * d / 2)
		sum += weights[i]
	}
	pass := func(from []float64, n, rows, step, next int) []float64 {
		to := make([]float64, len(from))
		for r := range rows {
			for i := range n {
				for c := range 3 {
					t := 0.0
					for k, weight := range weights {
						at := min(n-1, max(0, i+k-reach))
						t += weight * from[r*next+at*step+c]
					}
					to[r*next+i*step+c] = t / sum
				}
			}
		}
		return to
	}
	return pass(pass(v, w, h, 3, 3*w), h, w, 3*w, 3)
}

// anyShot is a card held to a camera by somebody who does not take care.
func anyShot(r *rand.Rand) shot {
	return shot{
		turn: 2 * math.Pi * r.Float64(), tiltX: 0.4 * (2*r.Float64() - 1), tiltY: 0.4 * (2*r.Float64() - 1),
		width: 450 + 350*r.Float64(), blur: 1.2 * r.Float64(), glare: 90 * r.Float64(), noise: 5 * r.Float64(),
		light: 0.55 + 0.45*r.Float64(), quality: 55 + r.IntN(40), frame: image.Point{X: 1280, Y: 720},
	}
}
