package demo

// The demo's partnership: three organisations that want clean water in one city, each with its own tool and its own
// habits. Names of people and organisations are made up.

// noDate is the due day of a task that has none.
const noDate = 9999

// seedTask is one task as a partner's tool holds it at the start of the replay. Days count from the day of the demo:
// -3 was three days ago.
type seedTask struct {
	title  string
	status string // in the words of the partner's own tool
	who    string
	due    int
	stream string
	note   string
}

// aquafund works in Jira.
var aquafund = []seedTask{
	{"Survey boreholes in wards 3 and 4", "Done", "Amina Diallo", -40, "Boreholes", ""},
	{"Agree borehole sites with ward committees", "Done", "Amina Diallo", -33, "Boreholes", ""},
	{"Hydrogeological study, phase 2", "In Progress", "Joseph Kamau", 9, "Boreholes", ""},
	{"Drill borehole 1 at Mlima primary school", "In Progress", "Joseph Kamau", -4, "Boreholes", ""},
	{"Drill borehole 2 at Soko market", "To Do", "Joseph Kamau", 16, "Boreholes", ""},
	{"Drill borehole 3 at Kijani clinic", "Blocked", "Joseph Kamau", 5, "Boreholes", ""},
	{"Test water quality at borehole 1", "To Do", "Grace Wanjiru", 12, "Boreholes", ""},
	{"Hand over borehole 1 to the water committee", "To Do", "Amina Diallo", 30, "Boreholes", ""},
	{"Train 40 water committee members", "In Progress", "Fatuma Ali", 6, "Committees", ""},
	{"Elect water committees in wards 1 to 4", "Done", "Fatuma Ali", -25, "Committees", ""},
	{"Write by-laws for the water committees", "In Review", "Fatuma Ali", -1, "Committees", ""},
	{"Open bank accounts for four committees", "In Progress", "Peter Otieno", 3, "Committees", ""},
	{"Set the tariff with each committee", "To Do", "Peter Otieno", 21, "Committees", ""},
	{"Hygiene campaign in 12 schools", "In Progress", "Grace Wanjiru", 18, "Hygiene", ""},
	{"Print hygiene posters in Swahili and English", "Done", "Grace Wanjiru", -12, "Hygiene", ""},
	{"Radio spots on safe storage of water", "To Do", "Grace Wanjiru", 10, "Hygiene", ""},
	{"Household baseline survey, 600 homes", "Done", "Amina Diallo", -20, "Monitoring", ""},
	{"Publish the baseline report", "In Review", "Amina Diallo", -9, "Monitoring", ""},
	{"Mid-term survey design", "To Do", "Amina Diallo", 45, "Monitoring", ""},
	{"Second quarterly report to the donor", "To Do", "Peter Otieno", 14, "Monitoring", ""},
	{"Recruit a monitoring officer", "Won't Do", "Peter Otieno", -6, "Monitoring", ""},
	{"Solar pump maintenance contract", "To Do", "", noDate, "Boreholes", ""},
}

// riverton works in a sheet of its own, headed in its own words.
var riverton = []seedTask{
	{"Permit for drilling at Mlima school", "Complete", "L. Mwangi", -30, "Permits", "Ref. CRW/118"},
	{"Permit for drilling at Soko market", "Complete", "L. Mwangi", -14, "Permits", "Ref. CRW/121"},
	{"Permit for drilling at Kijani clinic", "On hold", "L. Mwangi", -2, "Permits", "Land register disputes plot 4417"},
	{"Clear the pipeline corridor along Station Road", "Ongoing", "S. Achieng", 8, "Pipeline", ""},
	{"Relocate two kiosks on Station Road", "Ongoing", "S. Achieng", 4, "Pipeline", "Owners agreed on 12 m²"},
	{"Survey levels for the ward 3 main", "Complete", "S. Achieng", -18, "Pipeline", ""},
	{"Lay 1.2 km of main in ward 3", "Ongoing", "S. Achieng", 26, "Pipeline", ""},
	{"Lay 0.8 km of main in ward 4", "Not started", "S. Achieng", 47, "Pipeline", ""},
	{"Pressure test of the ward 3 main", "Not started", "S. Achieng", 33, "Pipeline", ""},
	{"Road repair after pipe laying, ward 3", "Not started", "M. Njoroge", 40, "Pipeline", ""},
	{"Budget line for water kiosks in the city budget", "Ongoing", "H. Barasa", -5, "Finance", "Council sits on Thursday"},
	{"Council vote on the water tariff", "Not started", "H. Barasa", 20, "Finance", ""},
	{"Memorandum with the county health office", "Complete", "H. Barasa", -21, "Governance", ""},
	{"Appoint the city's water officer", "Ongoing", "H. Barasa", 2, "Governance", ""},
	{"Publish the water point map", "Not started", "M. Njoroge", 28, "Data", ""},
	{"Register all water points with the regulator", "Ongoing", "M. Njoroge", 11, "Data", "41 of 67 done"},
	{"Chlorination schedule for public taps", "Complete", "M. Njoroge", -8, "Operations", ""},
	{"Repair six public taps in ward 1", "Ongoing", "M. Njoroge", 1, "Operations", ""},
	{"Complaints line for water outages", "Not started", "L. Mwangi", 15, "Operations", ""},
	{"Emergency plan for the dry season", "Not started", "", noDate, "Operations", ""},
}

// hydrotech works in a sheet that looks quite different.
var hydrotech = []seedTask{
	{"Design of the solar pumping station", "Finished", "Wei Zhang", -28, "Engineering", ""},
	{"Order pumps for boreholes 1 and 2", "Finished", "Nadia Rahman", -16, "Supply", ""},
	{"Ship pumps to Mombasa", "Finished", "Nadia Rahman", -7, "Supply", ""},
	{"Customs clearance of the pumps", "In progress", "Nadia Rahman", -3, "Supply", "Waiting for form 9"},
	{"Install the pump at borehole 1", "Planned", "Tomás Ruiz", 13, "Engineering", ""},
	{"Install the pump at borehole 2", "Planned", "Tomás Ruiz", 29, "Engineering", ""},
	{"Order 48 solar panels", "Finished", "Nadia Rahman", -19, "Supply", ""},
	{"Mount solar panels at Mlima school", "In progress", "Tomás Ruiz", 7, "Engineering", ""},
	{"Install 20 smart meters in ward 3", "In progress", "Wei Zhang", 19, "Metering", ""},
	{"Pilot of prepaid water cards", "Planned", "Wei Zhang", 36, "Metering", ""},
	{"Train two technicians on the pumps", "Planned", "Tomás Ruiz", 24, "Training", ""},
	{"Spare parts list and store", "In progress", "Nadia Rahman", 10, "Supply", ""},
	{"Remote monitoring of pump 1", "Planned", "Wei Zhang", 31, "Metering", ""},
	{"Water quality sensor, first prototype", "Stuck", "Wei Zhang", 4, "Metering", "Chip out of stock until January"},
	{"Service agreement with the city", "In progress", "Nadia Rahman", 17, "Governance", ""},
	{"Safety training for the drilling crew", "Finished", "Tomás Ruiz", -22, "Training", ""},
	{"Data sharing agreement with AquaFund", "In progress", "Nadia Rahman", -2, "Governance", ""},
	{"Quote for ward 4 meters", "Planned", "", noDate, "Metering", ""},
}

// tool says in whose hands an edit of the replay is made.
type tool string

const (
	inJira      tool = "jira"
	inRiverton  tool = "riverton"
	inHydrotech tool = "hydrotech"
	inScorecard tool = "scorecard"
)

// edit is something that a person did in the weeks before the demo, in their own tool, in that tool's own words.
type edit struct {
	day   int // counted from the day of the demo: -20 was twenty days ago
	where tool
	title string
	field string // "status", "due", "assignee", "notes"
	value string
	due   int // for "due": a day, counted from the day of the demo
}

// replay is what happened since the partnership was connected. The tools are seeded as they were at its start.
var replay = []edit{
	{-20, inJira, "Household baseline survey, 600 homes", "status", "Done", 0},
	{-19, inHydrotech, "Order 48 solar panels", "status", "Finished", 0},
	{-18, inRiverton, "Survey levels for the ward 3 main", "status", "Complete", 0},
	{-17, inScorecard, "Drill borehole 1 at Mlima primary school", "status", "In progress", 0},
	{-16, inHydrotech, "Order pumps for boreholes 1 and 2", "status", "Finished", 0},
	{-15, inJira, "Publish the baseline report", "due", "", -9},
	{-14, inRiverton, "Permit for drilling at Soko market", "status", "Complete", 0},
	{-13, inJira, "Drill borehole 1 at Mlima primary school", "due", "", -4},
	{-12, inJira, "Print hygiene posters in Swahili and English", "status", "Done", 0},
	{-11, inScorecard, "Lay 1.2 km of main in ward 3", "due", "", 26},
	{-10, inHydrotech, "Customs clearance of the pumps", "due", "", -3},
	{-9, inHydrotech, "Customs clearance of the pumps", "notes", "Waiting for form 9", 0},
	{-8, inRiverton, "Chlorination schedule for public taps", "status", "Complete", 0},
	{-7, inHydrotech, "Ship pumps to Mombasa", "status", "Finished", 0},
	{-6, inJira, "Recruit a monitoring officer", "status", "Won't Do", 0},
	{-5, inScorecard, "Spare parts list and store", "assignee", "Nadia Rahman", 0},
	{-4, inRiverton, "Permit for drilling at Kijani clinic", "status", "On hold", 0},
	{-3, inJira, "Drill borehole 3 at Kijani clinic", "status", "Blocked", 0},
	{-2, inScorecard, "Install 20 smart meters in ward 3", "status", "In progress", 0},
	{-1, inHydrotech, "Water quality sensor, first prototype", "status", "Stuck", 0},
	{-1, inRiverton, "Register all water points with the regulator", "notes", "41 of 67 done", 0},
}

// before is how things stood at the start of the replay, where the replay changes them.
var before = map[string]func(*seedTask){
	"Household baseline survey, 600 homes":         func(s *seedTask) { s.status = "In Progress" },
	"Order 48 solar panels":                        func(s *seedTask) { s.status = "In progress" },
	"Survey levels for the ward 3 main":            func(s *seedTask) { s.status = "Ongoing" },
	"Drill borehole 1 at Mlima primary school":     func(s *seedTask) { s.status, s.due = "To Do", -15 },
	"Order pumps for boreholes 1 and 2":            func(s *seedTask) { s.status = "In progress" },
	"Publish the baseline report":                  func(s *seedTask) { s.due = -16 },
	"Permit for drilling at Soko market":           func(s *seedTask) { s.status = "Ongoing" },
	"Print hygiene posters in Swahili and English": func(s *seedTask) { s.status = "In Progress" },
	"Lay 1.2 km of main in ward 3":                 func(s *seedTask) { s.due = 12 },
	"Customs clearance of the pumps":               func(s *seedTask) { s.due, s.note = -10, "" },
	"Chlorination schedule for public taps":        func(s *seedTask) { s.status = "Ongoing" },
	"Ship pumps to Mombasa":                        func(s *seedTask) { s.status = "In progress" },
	"Recruit a monitoring officer":                 func(s *seedTask) { s.status = "To Do" },
	"Spare parts list and store":                   func(s *seedTask) { s.who = "" },
	"Permit for drilling at Kijani clinic":         func(s *seedTask) { s.status = "Ongoing" },
	"Drill borehole 3 at Kijani clinic":            func(s *seedTask) { s.status = "In Progress" },
	"Install 20 smart meters in ward 3":            func(s *seedTask) { s.status = "Planned" },
	"Water quality sensor, first prototype":        func(s *seedTask) { s.status = "In progress" },
	"Register all water points with the regulator": func(s *seedTask) { s.note = "30 of 67 done" },
}
