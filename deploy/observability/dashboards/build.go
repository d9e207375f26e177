package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/loki"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	tables "github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

const (
	fullWidth = 24
	high      = 8
)

// build makes Grafana's form of a board, in the schema that every Grafana reads.
//
//nolint:staticcheck // the next schema needs a recent Grafana
func build(b board, runbooks string) (dashboard.Dashboard, error) {
	d := dashboard.NewDashboardBuilder(b.title)
	d.Uid(b.uid).Description(b.about).Tags([]string{"fivechat"}).
		Refresh("30s").Time("now-1h", "now").Timezone(common.TimeZoneBrowser).Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("Fivechat").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"fivechat"}).KeepTime(true).IncludeVars(true)).
		Link(dashboard.NewDashboardLinkBuilder("Runbooks").Type(dashboard.DashboardLinkTypeLink).
			Url(runbooks + "/README.md").TargetBlank(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("source").Label("Source").Type(sourceType(b)))
	if b.variables == "component" {
		d.WithVariable(dashboard.NewQueryVariableBuilder("component").Label("Component").Datasource(source(b)).
			Query(dashboard.StringOrMap{String: cog.ToPtr(`label_values(up{job="fivechat"}, component)`)}).
			Refresh(dashboard.VariableRefreshOnDashboardLoad).Sort(dashboard.VariableSortAlphabeticalAsc).
			Multi(true).IncludeAll(true).AllValue(".*").Current(all()))
	}
	for _, r := range b.rows {
		d.WithRow(dashboard.NewRowBuilder(r.question))
		for _, p := range r.panels {
			wide := p.wide
			if wide == 0 {
				wide = fullWidth / uint32(len(r.panels))
			}
			d.WithPanel(look(b, p, wide))
		}
	}
	return d.Build()
}

func all() dashboard.VariableOption {
	return dashboard.VariableOption{
		Selected: cog.ToPtr(true), Text: dashboard.StringOrArrayOfString{String: cog.ToPtr("All")},
		Value: dashboard.StringOrArrayOfString{String: cog.ToPtr("$__all")},
	}
}

func sourceType(b board) string {
	if b.logs {
		return "loki"
	}
	return "prometheus"
}

func source(b board) common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(sourceType(b)), Uid: cog.ToPtr("${source}")}
}

// look makes Grafana's form of a panel.
func look(b board, p panel, wide uint32) cog.Builder[dashboard.Panel] {
	switch p.kind {
	case number:
		return stat.NewPanelBuilder().Title(p.title).Description(p.about).Unit(p.unit).Datasource(source(b)).
			Span(wide).Height(high / 2).Thresholds(thresholds(p)).DataLinks(links(p)).Targets(targets(b, p)).
			ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
	case table:
		return tables.NewPanelBuilder().Title(p.title).Description(p.about).Unit(p.unit).Datasource(source(b)).
			Span(wide).Height(high).Thresholds(thresholds(p)).DataLinks(links(p)).Targets(targets(b, p))
	case logLines:
		return logs.NewPanelBuilder().Title(p.title).Description(p.about).Datasource(source(b)).Span(wide).Height(high).
			Targets(targets(b, p)).ShowTime(true).EnableLogDetails(true)
	default:
		return timeseries.NewPanelBuilder().Title(p.title).Description(p.about).Unit(p.unit).Datasource(source(b)).
			Span(wide).Height(high).Min(0).Thresholds(thresholds(p)).DataLinks(links(p)).Targets(targets(b, p)).
			FillOpacity(8).ShowPoints(common.VisibilityModeNever).
			ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(drawn(p))).
			Legend(common.NewVizLegendOptionsBuilder().ShowLegend(true).
				DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom))
	}
}

func drawn(p panel) common.GraphThresholdsStyleMode {
	if len(p.limits) == 0 {
		return common.GraphThresholdsStyleModeOff
	}
	return common.GraphThresholdsStyleModeDashed
}

func thresholds(p panel) cog.Builder[dashboard.ThresholdsConfig] {
	steps := []dashboard.Threshold{{Color: "green"}}
	for _, l := range p.limits {
		if l.from == worst {
			steps[0].Color = l.colour
			continue
		}
		steps = append(steps, dashboard.Threshold{Value: cog.ToPtr(l.from), Color: l.colour})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

func links(p panel) []cog.Builder[dashboard.DashboardLink] {
	out := []cog.Builder[dashboard.DashboardLink]{}
	for _, l := range p.links {
		out = append(out, dashboard.NewDashboardLinkBuilder(l.title).Url(l.url))
	}
	return out
}

// targets makes Grafana's form of the queries. What is drawn over time asks for exemplars, which lead to traces.
func targets(b board, p panel) []cog.Builder[variants.Dataquery] {
	out := []cog.Builder[variants.Dataquery]{}
	for i, q := range p.queries {
		id := string(rune('A' + i))
		if b.logs {
			t := loki.NewDataqueryBuilder().Expr(q.expr).LegendFormat(q.legend).RefId(id)
			if p.kind == table {
				t.QueryType("instant")
			} else {
				t.QueryType("range")
			}
			out = append(out, t)
			continue
		}
		t := prometheus.NewDataqueryBuilder().Expr(q.expr).LegendFormat(q.legend).RefId(id)
		switch p.kind {
		case number:
			t.Instant()
		case table:
			t.Instant().Format(prometheus.PromQueryFormatTable)
		default:
			t.Range().Exemplar(true)
		}
		out = append(out, t)
	}
	return out
}
