// Package dashboards builds the five Grafana dashboards. They lead from a page to its cause in two steps. Each row is
// a question. They are built with Grafana's own foundation SDK, so that the JSON is valid for Grafana.
package dashboards

import (
	"encoding/json"
	"fmt"
)

// The dashboards' uids, which alerts and links name.
const (
	edgeUID     = "fivechat-edge"
	servicesUID = "fivechat-services"
	storesUID   = "fivechat-stores"
	eventsUID   = "fivechat-events"
	tenantsUID  = "fivechat-tenants"
)

// board is one dashboard.
type board struct {
	uid, title, about string
	logs              bool   // it asks Loki, and not Prometheus
	variables         string // "component" lets one be chosen
	rows              []row
}

// row is a question and the panels that answer it.
type row struct {
	question string
	panels   []panel
}

// panel is one picture.
type panel struct {
	title, about, unit string
	kind               kind
	queries            []query
	limits             []limit // what is good from where on, green below all
	links              []link
	wide               uint32 // of 24; 0 takes an even share of the row
}

// kind is how a panel looks.
type kind int

const (
	lines kind = iota
	number
	table
	logLines
)

// query is one question to the data source. Labels in double braces stand in legend.
type query struct{ expr, legend string }

// limit is a value from which on a colour is shown.
type limit struct {
	from   float64
	colour string
}

// link leads from a panel's line to where its cause is seen.
type link struct{ title, url string }

// Files gives every dashboard's JSON by the name of its file. runbooks is the address below which docs/runbooks is
// served.
func Files(runbooks string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, b := range []board{edge(), services(), stores(), events(), tenants()} {
		built, err := build(b, runbooks)
		if err != nil {
			return nil, fmt.Errorf("dashboard %s: %w", b.uid, err)
		}
		content, err := json.MarshalIndent(built, "", " ")
		if err != nil {
			return nil, err
		}
		files[b.uid+".json"] = append(content, '\n')
	}
	return files, nil
}

// toService leads from a line to the dashboard of the service that one of its labels names.
func toService(label string) link {
	return link{"The service", fmt.Sprintf("/d/%s?var-component=${__field.labels.%s}&${__url_time_range}",
		servicesUID, label)}
}

// rate returns the query for the rate of a counter, summed by the labels in by.
func rate(by, counter string) string {
	return "sum by (" + by + ") (rate(" + counter + "[$__rate_interval]))"
}

// quantile returns the query for quantile q of a histogram's buckets, by the labels in by. An empty by means none.
func quantile(q float64, by, buckets string) string {
	labels := "le"
	if by != "" {
		labels += ", " + by
	}
	return fmt.Sprintf("histogram_quantile(%g, %s)", q, rate(labels, buckets))
}
