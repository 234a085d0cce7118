package privacy

// searchData returns what names a user of the search. Its rows are copies that follow the
// rows they stand for, whose export has everything.
func searchData() []Personal {
	return []Personal{{Table: "search_documents", Column: "owner_user_id"}}
}
