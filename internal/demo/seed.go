package demo

// The demo's partnership: three organisations that want clean water in one city, each with its own tool and its own
// habits. Names of people and organisations are made up.

// noDate is the due day of a task that has none.
const noDate = 9999

// seedTask is one task as a partner's tool holds it today. Days count from the day of the demo:
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
	{"Train 40 water committee members", "In Progress", "Fatuma Ali", 6, "Communities", ""},
	{"Elect water committees in wards 1 to 4", "Done", "Fatuma Ali", -25, "Communities", ""},
	{"Write by-laws for the water committees", "In Review", "Fatuma Ali", 2, "Communities", ""},
	{"Open bank accounts for four committees", "In Progress", "Peter Otieno", 3, "Communities", ""},
	{"Set the tariff with each committee", "To Do", "Peter Otieno", 21, "Communities", ""},
	{"Hygiene campaign in 12 schools", "In Progress", "Grace Wanjiru", 18, "Communities", ""},
	{"Print hygiene posters in Swahili and English", "Done", "Grace Wanjiru", -12, "Communities", ""},
	{"Radio spots on safe storage of water", "To Do", "Grace Wanjiru", 10, "Communities", ""},
	{"Household baseline survey, 600 homes", "Done", "Amina Diallo", -20, "Monitoring", ""},
	{"Publish the baseline report", "In Review", "Amina Diallo", -9, "Monitoring", ""},
	{"Mid-term survey design", "To Do", "Amina Diallo", 45, "Monitoring", ""},
	{"Second quarterly report to the donor", "To Do", "Peter Otieno", 14, "Monitoring", ""},
	{"Recruit a monitoring officer", "Won't Do", "Peter Otieno", -6, "Monitoring", ""},
	{"Solar pump maintenance contract", "To Do", "", noDate, "Boreholes", ""},
	{"Memorandum of understanding signed", "Done", "Amina Diallo", -76, "Governance", ""},
	{"Stakeholder map of wards 1 to 6", "Done", "Fatuma Ali", -73, "Communities", ""},
	{"Monitoring plan agreed with all partners", "Done", "Amina Diallo", -66, "Monitoring", ""},
	{"Ward meetings in wards 1 and 2", "Done", "Fatuma Ali", -62, "Communities", ""},
	{"Hydrogeological study, phase 1", "Done", "Joseph Kamau", -60, "Boreholes", ""},
	{"Ward meetings in wards 3 and 4", "Done", "Fatuma Ali", -55, "Communities", ""},
	{"Tender for the drilling rig", "Done", "Joseph Kamau", -52, "Boreholes", ""},
	{"Train 12 enumerators for the survey", "Done", "Grace Wanjiru", -48, "Monitoring", ""},
	{"Contract with the drilling company", "Done", "Joseph Kamau", -44, "Boreholes", ""},
	{"First quarterly report to the donor", "Done", "Peter Otieno", -36, "Monitoring", ""},
}

// riverton works in a sheet of its own, headed in its own words.
var riverton = []seedTask{
	{"Permit for drilling at Mlima school", "Complete", "L. Mwangi", -30, "Boreholes", "Ref. CRW/118"},
	{"Permit for drilling at Soko market", "Complete", "L. Mwangi", -14, "Boreholes", "Ref. CRW/121"},
	{"Permit for drilling at Kijani clinic", "On hold", "L. Mwangi", -2, "Boreholes", "Land register disputes plot 4417"},
	{"Clear the pipeline corridor along Station Road", "Ongoing", "S. Achieng", 8, "Pipeline", ""},
	{"Relocate two kiosks on Station Road", "Ongoing", "S. Achieng", 4, "Pipeline", "Owners agreed on 12 m²"},
	{"Survey levels for the ward 3 main", "Complete", "S. Achieng", -18, "Pipeline", ""},
	{"Lay 1.2 km of main in ward 3", "Ongoing", "S. Achieng", 26, "Pipeline", ""},
	{"Lay 0.8 km of main in ward 4", "Not started", "S. Achieng", 47, "Pipeline", ""},
	{"Pressure test of the ward 3 main", "Not started", "S. Achieng", 33, "Pipeline", ""},
	{"Road repair after pipe laying, ward 3", "Not started", "M. Njoroge", 40, "Pipeline", ""},
	{"Budget line for water kiosks in the city budget", "Ongoing", "H. Barasa", 5, "Governance", "Council sits on Thursday"},
	{"Council vote on the water tariff", "Not started", "H. Barasa", 20, "Governance", ""},
	{"Memorandum with the county health office", "Complete", "H. Barasa", -21, "Governance", ""},
	{"Appoint the city's water officer", "Ongoing", "H. Barasa", 2, "Governance", ""},
	{"Publish the water point map", "Not started", "M. Njoroge", 28, "Operations", ""},
	{"Register all water points with the regulator", "Ongoing", "M. Njoroge", 11, "Operations", "41 of 67 done"},
	{"Chlorination schedule for public taps", "Complete", "M. Njoroge", -8, "Operations", ""},
	{"Repair six public taps in ward 1", "Ongoing", "M. Njoroge", 1, "Operations", ""},
	{"Complaints line for water outages", "Not started", "L. Mwangi", 15, "Operations", ""},
	{"Emergency plan for the dry season", "Not started", "", noDate, "Operations", ""},
	{"Name a contact in the water department", "Complete", "H. Barasa", -78, "Governance", ""},
	{"List of public water points", "Complete", "M. Njoroge", -70, "Operations", ""},
	{"Land register extract for three sites", "Complete", "L. Mwangi", -58, "Boreholes", ""},
	{"Budget request for the second half-year", "Complete", "H. Barasa", -50, "Governance", ""},
	{"Environmental screening of three sites", "Complete", "L. Mwangi", -47, "Boreholes", ""},
	{"Purchase of 1.2 km of pipe", "Complete", "S. Achieng", -41, "Pipeline", ""},
	{"Traffic plan for Station Road", "Complete", "S. Achieng", -34, "Pipeline", ""},
	{"Repair three public taps in ward 2", "Complete", "M. Njoroge", -26, "Operations", ""},
}

// hydrotech works in a table in a document, which looks quite different.
var hydrotech = []seedTask{
	{"Design of the solar pumping station", "Finished", "Wei Zhang", -28, "Boreholes", ""},
	{"Order pumps for boreholes 1 and 2", "Finished", "Nadia Rahman", -16, "Boreholes", ""},
	{"Ship pumps to Mombasa", "Finished", "Nadia Rahman", -7, "Boreholes", ""},
	{"Customs clearance of the pumps", "In progress", "Nadia Rahman", -3, "Boreholes", "Waiting for form 9"},
	{"Install the pump at borehole 1", "Planned", "Tomás Ruiz", 13, "Boreholes", ""},
	{"Install the pump at borehole 2", "Planned", "Tomás Ruiz", 29, "Boreholes", ""},
	{"Order 48 solar panels", "Finished", "Nadia Rahman", -19, "Boreholes", ""},
	{"Mount solar panels at Mlima school", "In progress", "Tomás Ruiz", 7, "Boreholes", ""},
	{"Install 20 smart meters in ward 3", "In progress", "Wei Zhang", 19, "Operations", ""},
	{"Pilot of prepaid water cards", "Planned", "Wei Zhang", 36, "Operations", ""},
	{"Train two technicians on the pumps", "Planned", "Tomás Ruiz", 24, "Operations", ""},
	{"Spare parts list and store", "In progress", "Nadia Rahman", 10, "Boreholes", ""},
	{"Remote monitoring of pump 1", "Planned", "Wei Zhang", 31, "Operations", ""},
	{"Water quality sensor, first prototype", "Stuck", "Wei Zhang", 4, "Operations", "Chip out of stock until January"},
	{"Service agreement with the city", "In progress", "Nadia Rahman", 17, "Governance", ""},
	{"Safety training for the drilling crew", "Finished", "Tomás Ruiz", -22, "Operations", ""},
	{"Data sharing agreement with AquaFund", "Finished", "Nadia Rahman", -5, "Governance", ""},
	{"Quote for ward 4 meters", "Planned", "", noDate, "Operations", ""},
	{"Site visit to the three boreholes", "Finished", "Tomás Ruiz", -68, "Boreholes", ""},
	{"Pump specification agreed with AquaFund", "Finished", "Wei Zhang", -57, "Boreholes", ""},
	{"Load test of the prototype meter", "Finished", "Wei Zhang", -45, "Operations", ""},
	{"Import licence", "Finished", "Nadia Rahman", -39, "Boreholes", ""},
	{"Choose a local installer", "Finished", "Tomás Ruiz", -33, "Operations", ""},
	{"Insurance for transport", "Finished", "Nadia Rahman", -24, "Boreholes", ""},
}
