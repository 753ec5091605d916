package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// behaviour is one deviation of a difficult vCenter, as a test requests it. The members of each
// kind are in kinds.
type behaviour struct {
	Kind        string   `json:"kind"`
	Times       int      `json:"times"`
	Skip        int      `json:"skip"`
	Probability *float64 `json:"probability"`
	VM          string   `json:"vm"`

	Method      string                     `json:"method"`
	Fault       *fault                     `json:"fault"`
	AfterEffect bool                       `json:"after_effect"`
	State       types.TaskInfoState        `json:"state"`
	For         duration                   `json:"for"`
	Type        string                     `json:"type"`
	Paths       []string                   `json:"paths"`
	Index       *bool                      `json:"index"`
	Folder      *bool                      `json:"folder"`
	Text        string                     `json:"text"`
	Values      map[string]json.RawMessage `json:"values"`

	Delay        duration          `json:"delay"`
	Status       int               `json:"status"`
	Body         string            `json:"body"`
	ContentType  string            `json:"content_type"`
	Headers      map[string]string `json:"headers"`
	Gzip         bool              `json:"gzip"`
	When         string            `json:"when"`
	Size         int32             `json:"size"`
	After        duration          `json:"after"`
	Missing      []string          `json:"missing"`
	On           string            `json:"on"`
	InstanceUUID string            `json:"instanceUuid"`
	APIType      string            `json:"apiType"`
	APIVersion   string            `json:"apiVersion"`
}

// duration is written as Go writes durations, such as "5s".
type duration time.Duration

func (d *duration) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return fmt.Errorf("a duration is a string such as \"5s\": %w", err)
	}
	parsed, err := time.ParseDuration(written)
	*d = duration(parsed)
	return err
}

// active is a behaviour that is switched on.
type active struct {
	behaviour
	id      int
	written json.RawMessage // as the client sent it
	ended   chan struct{}   // closed when the behaviour is removed
	machine types.ManagedObjectReference
	before  map[string]any // property values to put back when the behaviour ends

	seen, hits int // under the lock of behaviours
}

// behaviours are the active behaviours of one vCenter. Without any, no lock is taken.
type behaviours struct {
	sync.Mutex
	count  atomic.Int32
	last   int
	list   []*active
	random *rand.Rand
	seeded uint64
	secret bool // the seed has been printed nowhere
}

// newBehaviours chooses a seed for 0, and prints it when a behaviour first uses chance.
func newBehaviours(seed uint64) *behaviours {
	b := &behaviours{secret: seed == 0}
	if seed == 0 {
		seed = rand.Uint64()
	}
	b.reseed(seed)
	return b
}

// seed begins the random numbers again.
func (b *behaviours) seed(seed uint64) {
	b.Lock()
	defer b.Unlock()
	b.secret = false
	b.reseed(seed)
}

func (b *behaviours) reseed(seed uint64) {
	b.seeded, b.random = seed, rand.New(rand.NewPCG(seed, 0))
}

// parseBehaviour reads a behaviour; its errors are sentences for people.
func parseBehaviour(text []byte) (*active, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, fmt.Errorf("a behaviour is a JSON object: %w", err)
	}
	a := &active{written: text, ended: make(chan struct{})}
	if err := json.Unmarshal(text, &a.behaviour); err != nil {
		return nil, err
	}
	kind, known := kinds[a.Kind]
	if !known {
		return nil, fmt.Errorf("there is no kind %q; the kinds are %s", a.Kind, strings.Join(kindNames(), ", "))
	}
	for member := range members {
		if !slices.Contains(commonMembers, member) && !slices.Contains(kind.members, member) {
			return nil, fmt.Errorf("%s has no member %q; it takes %s", a.Kind, member,
				strings.Join(append(slices.Clone(kind.members), commonMembers...), ", "))
		}
	}
	for _, member := range kind.required {
		if _, given := members[member]; !given {
			return nil, fmt.Errorf("%s needs the member %q", a.Kind, member)
		}
	}
	if p := a.Probability; p != nil && (*p < 0 || *p > 1) {
		return nil, fmt.Errorf("probability is between 0 and 1")
	}
	return a, nil
}

// add switches a behaviour on and returns its id.
func (b *behaviours) add(a *active) int {
	b.Lock()
	defer b.Unlock()
	if a.Probability != nil && b.secret {
		fmt.Fprintf(os.Stderr, "vcsim: seed %d\n", b.seeded)
		b.secret = false
	}
	b.last++
	a.id = b.last
	b.list = append(b.list, a)
	b.count.Store(int32(len(b.list)))
	return a.id
}

// remove deletes the behaviour with this id, or all for 0, and returns them.
func (b *behaviours) remove(id int) []*active {
	b.Lock()
	defer b.Unlock()
	var removed, left []*active
	for _, a := range b.list {
		if id == 0 || a.id == id {
			removed = append(removed, a)
			close(a.ended)
		} else {
			left = append(left, a)
		}
	}
	b.list = left
	b.count.Store(int32(len(left)))
	return removed
}

// none returns whether no behaviour is active.
func (b *behaviours) none() bool { return b.count.Load() == 0 }

// of lists the behaviours of some kinds.
func (b *behaviours) of(kinds ...string) []*active {
	if b.none() {
		return nil
	}
	b.Lock()
	defer b.Unlock()
	var found []*active
	for _, a := range b.list {
		if slices.Contains(kinds, a.Kind) {
			found = append(found, a)
		}
	}
	return found
}

// fires decides whether a behaviour applies this time, by its skip, times and probability.
func (b *behaviours) fires(a *active) bool {
	b.Lock()
	defer b.Unlock()
	if a.Probability != nil && b.random.Float64() >= *a.Probability {
		return false
	}
	a.seen++
	if a.seen <= a.Skip || a.Times > 0 && a.hits >= a.Times {
		return false
	}
	a.hits++
	return true
}

// first returns the first behaviour of a kind that concerns this call and applies this time.
func (b *behaviours) first(kind string, c *call, fits ...func(*active) bool) *active {
	for _, a := range b.of(kind) {
		fitting := !slices.ContainsFunc(fits, func(fits func(*active) bool) bool { return !fits(a) })
		if fitting && c.is(a) && b.fires(a) {
			return a
		}
	}
	return nil
}

// report is the control interface's description of a behaviour.
type report struct {
	ID        int             `json:"id"`
	Hits      int             `json:"hits"`
	Behaviour json.RawMessage `json:"behaviour"`
}

func (b *behaviours) reports() []report {
	b.Lock()
	defer b.Unlock()
	reports := []report{}
	for _, a := range b.list {
		reports = append(reports, report{ID: a.id, Hits: a.hits, Behaviour: a.written})
	}
	return reports
}
