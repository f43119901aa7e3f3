package demo

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Config is the demo's configuration file. Store is the path of its database.
func (w *World) Config(store string) string {
	text := strings.NewReplacer(
		"$STORE", store, "$JIRA", w.JiraURL, "$GOOGLE", w.GoogleURL, "$EMAIL", w.Email, "$TOKEN", w.Token, "$SCORECARD", w.Scorecard,
		"$PARTNER", w.Partner, "$REPORT", w.ReportDoc, "$HYDROTECH", w.Hydrotech, "$QUOTA", strconv.Itoa(cmp.Or(w.quota, noQuota)),
	).Replace(configuration)
	today := w.today
	if today.IsZero() {
		today = w.clock.Now()
	}
	return regexp.MustCompile(`\$(DAY|MONTH|END)\(([+-]\d+)\)`).ReplaceAllStringFunc(text, func(s string) string {
		name, number, _ := strings.Cut(strings.Trim(s, "$)"), "(")
		n, err := strconv.Atoi(number)
		if err != nil {
			panic(fmt.Sprintf("demo: %s in the configuration", s)) // the pattern lets nothing else through
		}
		month := time.Date(today.Year(), today.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		switch name {
		case "MONTH":
			return month.Format("January 2006")
		case "END":
			return month.AddDate(0, 1, -1).Format(time.DateOnly)
		}
		return today.AddDate(0, 0, n).Format(time.DateOnly)
	})
}

// configuration has $DAY(n) where a day stands, counted from the day of the demo, and $MONTH(n) and $END(n) for a month, counted from
// that of the demo, and its last day.
const configuration = `listen: 127.0.0.1:0
store: "sqlite:$STORE"
google: {endpoint: "$GOOGLE", reads_per_minute: $QUOTA, writes_per_minute: $QUOTA}
partnerships:
  - id: clean-water
    key: CW
    name: Clean Water Alliance
    timezone: Africa/Nairobi
    agreement_date: $DAY(-84)
    purpose: Safe water within 500 metres of every home in wards 1 to 6 of Riverton.
    phase: Drilling
    target: $DAY(+244)
    workstreams:
      - {name: Boreholes, lead: aquafund, target: $DAY(+100)}
      - {name: Pipeline, lead: riverton, target: $DAY(+160)}
      - {name: Communities, lead: aquafund, target: $DAY(+150)}
      - {name: Operations, lead: hydrotech, target: $DAY(+150)}
      - {name: Governance, lead: riverton, target: $DAY(+160)}
      - {name: Monitoring, lead: aquafund, target: $DAY(+110)}
    milestones:
      - {id: first-water, name: First water at Mlima school, task: CW-8, partner: aquafund, workstream: Boreholes, critical: true}
      - {id: main, name: The ward 3 main is in service, task: CW-65, partner: riverton, workstream: Pipeline}
      - {id: baseline, name: Baseline report is published, task: CW-18, partner: aquafund, workstream: Monitoring}
      - {id: conference, name: Conference of the partners, due: $DAY(+20)}
      - {id: kick-off, name: Kick-off in Riverton, due: $DAY(-80), reached: $DAY(-80)}
    gates:
      - id: sites
        name: Sites are agreed
        date: $DAY(-58)
        criteria:
          - {text: The ward committees have agreed, met: true}
          - {text: Phase 1 of the study shows water, tasks: [CW-27]}
        deciders: [AquaFund, City of Riverton, HydroTech Ltd]
      - id: scale
        name: From one borehole to three
        date: $DAY(+6)
        criteria:
          - {text: Borehole 1 gives water, tasks: [CW-4]}
          - {text: Its water is safe, tasks: [CW-7]}
          - {text: The drilling crew is trained, tasks: [CW-48]}
          - {text: The pumps are through customs, tasks: [CW-36]}
          - {text: All drilling permits are there, tasks: [CW-57, CW-58, CW-59]}
          - {text: The committees can run a water point, indicator: trained}
        deliverables: [CW-18]
        deciders: [AquaFund, City of Riverton, HydroTech Ltd]
      - id: handover
        name: Hand-over to the water committees
        date: $DAY(+75)
        criteria:
          - {text: Three of four homes have safe water near by, indicator: homes}
          - {text: The city pays for operation, tasks: [CW-67]}
        deciders: [City of Riverton]
    indicators:
      - id: homes
        name: Homes with safe water within 500 metres
        definition: Homes in wards 1 to 6 whose nearest working water point is at most 500 metres away
        unit: homes
        baseline: 1200
        target: 6000
        actuals:
          - {period: "$MONTH(-3)", end: $END(-3), value: 1200}
          - {period: "$MONTH(-2)", end: $END(-2), value: 1450}
          - {period: "$MONTH(-1)", end: $END(-1), value: 2310}
      - id: taps
        name: Public taps that work
        unit: "%"
        baseline: 58
        target: 90
        actuals:
          - {period: "$MONTH(-3)", end: $END(-3), value: 58}
          - {period: "$MONTH(-2)", end: $END(-2), value: 66}
          - {period: "$MONTH(-1)", end: $END(-1), value: 71}
      - id: trained
        name: Committee members trained
        unit: people
        target: 40
        actuals:
          - {period: "$MONTH(-2)", end: $END(-2), value: 12}
          - {period: "$MONTH(-1)", end: $END(-1), value: 31}
    interval: 2s
    partners:
      - {id: aquafund, name: AquaFund, sector: civil_society, aliases: [Aqua Fund]}
      - {id: riverton, name: City of Riverton, sector: public, aliases: [Riverton]}
      - {id: hydrotech, name: HydroTech Ltd, sector: private, aliases: [HydroTech]}
    people:
      - {name: Amina Diallo, partner: aquafund, email: amina@aquafund.example, aliases: ["A. Diallo"]}
      - {name: Joseph Kamau, partner: aquafund, email: joseph@aquafund.example}
      - {name: Grace Wanjiru, partner: aquafund, email: grace@aquafund.example}
      - {name: Fatuma Ali, partner: aquafund, email: fatuma@aquafund.example}
      - {name: Peter Otieno, partner: aquafund, email: peter@aquafund.example}
      - {name: Lucy Mwangi, partner: riverton, aliases: ["L. Mwangi"]}
      - {name: Susan Achieng, partner: riverton, aliases: ["S. Achieng"]}
      - {name: Moses Njoroge, partner: riverton, aliases: ["M. Njoroge"]}
      - {name: Hassan Barasa, partner: riverton, aliases: ["H. Barasa"]}
      - {name: Wei Zhang, partner: hydrotech}
      - {name: Nadia Rahman, partner: hydrotech}
      - {name: Tomás Ruiz, partner: hydrotech}
    sources:
      - id: aquafund-jira
        partner: aquafund
        jira: {url: "$JIRA", email: "$EMAIL", token: "$TOKEN", jql: "project = WASH", create: {project: WASH, issue_type: Task}}
        status: {blocked: [Blocked], cancelled: ["Won't Do"]}
        fields: {workstream: component}
      - id: riverton-sheet
        partner: riverton
        sheet:
          spreadsheet: $PARTNER
          tab: Actions
          create: true
          columns: {title: Action, status: Status, due: Deadline, assignee: Lead, workstream: Area, notes: Comments}
        status: {blocked: [On hold]}
      - id: hydrotech-doc
        partner: hydrotech
        doc:
          document: $HYDROTECH
          table: Deliverables
          create: true
          columns: {title: Deliverable, workstream: Area, status: State, due: When, assignee: Who, notes: Remarks}
    scorecard:
      sheet: {spreadsheet: $SCORECARD, tab: Scorecard}
      report: {document: $REPORT, every: week}
    merge:
      default: {authority: [owner, scorecard], on_conflict: authority}
      notes: {on_conflict: hold}
`
