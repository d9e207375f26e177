package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fivechat.dev/deploy/fivechat/operator"
)

func websiteCommand() *cobra.Command {
	at := &operatorFlags{}
	c := &cobra.Command{Use: "website", Short: "Websites (tenants): create, change, export, erase"}
	at.add(c)
	list := &cobra.Command{
		Use:   "list",
		Short: "List websites",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			all, err := client.Websites(c.Context())
			if err != nil {
				return err
			}
			return table(c, "ID\tPLAN\tNAME\tURL\tCLIENT TOKEN\tSTORED", func(row func(...any)) {
				for _, w := range all {
					row(w.ID, w.Plan, w.Name, w.URL, w.ClientToken, storedText(w.Storage))
				}
			})
		}),
	}
	show := &cobra.Command{
		Use:   "show ID",
		Short: "Show a website",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("website", func(c *cobra.Command, client operator.Client, id int64) error {
			w, err := client.Website(c.Context(), id)
			if err != nil {
				return err
			}
			return showWebsite(c, w)
		}),
	}
	export := outFlag(&cobra.Command{
		Use:   "export ID",
		Short: "Write all data of a website, one JSON object a line",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("website", func(c *cobra.Command, client operator.Client, id int64) error {
			return exported(c, func(w io.Writer) (int64, error) { return client.ExportWebsite(c.Context(), id, w) })
		}),
	})
	erase := final(&cobra.Command{
		Use:   "erase ID",
		Short: "Erase a website and all its data",
		Args:  cobra.ExactArgs(1),
		RunE: at.numbered("website", func(c *cobra.Command, client operator.Client, id int64) error {
			e, err := client.EraseWebsite(c.Context(), id)
			return erased(c, client, e, err)
		}),
	})
	c.AddCommand(createWebsite(at), list, show, setWebsite(at), export, erase)
	return c
}

func createWebsite(at *operatorFlags) *cobra.Command {
	var name, url, plan, clientToken string
	c := &cobra.Command{
		Use:   "create",
		Short: "Create a website with its widget",
		Args:  cobra.NoArgs,
		RunE: at.does(func(c *cobra.Command, client operator.Client, _ []string) error {
			w, err := client.CreateWebsite(c.Context(), name, url, plan, clientToken)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "website %d\nclientToken %s\n", w.ID, w.ClientToken)
			return nil
		}),
	}
	c.Flags().StringVar(&name, "name", "", "the website's name (required)")
	c.Flags().StringVar(&url, "url", "", "the website's address (required)")
	c.Flags().StringVar(&plan, "plan", "FREE", "FREE or PRO")
	c.Flags().StringVar(&clientToken, "client-token", "",
		"client token that its pages contain already (default: a new one)")
	require(c, "name", "url")
	return c
}

func setWebsite(at *operatorFlags) *cobra.Command {
	var quotas []string
	c := &cobra.Command{
		Use:     "set ID",
		Short:   "Change a website",
		Args:    cobra.ExactArgs(1),
		Example: "  fivechat website set 3 --plan PRO --quota read=600/60 --quota import= --quota storage=50GiB",
		RunE: at.numbered("website", func(c *cobra.Command, client operator.Client, id int64) error {
			set := changes(c, "name", "url", "organization", "plan")
			if len(quotas) > 0 {
				if err := addQuotas(set, quotas); err != nil {
					return err
				}
			}
			if len(set) == 0 {
				return errNothing
			}
			w, err := client.SetWebsite(c.Context(), id, set)
			if err != nil {
				return err
			}
			return showWebsite(c, w)
		}),
	}
	c.Flags().String("name", "", "the website's name")
	c.Flags().String("url", "", "the website's address")
	c.Flags().String("organization", "", "the owning organization")
	c.Flags().String("plan", "", "FREE or PRO")
	c.Flags().StringArrayVar(&quotas, "quota", nil,
		"requests/seconds of a class (read, write, import, visitor, session, public, stream, upload);\n"+
			"CLASS= restores the default; or storage=BYTES, storage=50GiB; can be repeated")
	return c
}

// addQuotas adds to the changes of a website what --quota states: limits of classes, and the storage limit.
func addQuotas(set map[string]any, texts []string) error {
	var classes []string
	for _, text := range texts {
		size, isStorage := strings.CutPrefix(text, "storage=")
		if !isStorage {
			classes = append(classes, text)
			continue
		}
		limit, err := parseSize(size)
		if err != nil {
			return fmt.Errorf("--quota %s doesn't have the form storage=50GiB", text)
		}
		set["storageLimit"] = limit
	}
	if len(classes) == 0 {
		return nil
	}
	all, err := parseQuotas(classes)
	if err == nil {
		set["quotas"] = all
	}
	return err
}

// units are the units of sizes, the largest first.
var units = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

// parseSize reads a number of bytes, with a unit or without; nil for "".
func parseSize(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	for _, u := range units {
		if figure, has := strings.CutSuffix(text, u.name); has {
			n, err := strconv.ParseInt(figure, 10, 64)
			if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
				return nil, fmt.Errorf("%q is not a size", text)
			}
			n *= u.bytes
			return &n, nil
		}
	}
	return nil, fmt.Errorf("%q is not a size", text)
}

// sizeText writes a number of bytes in the largest unit of which there is at least one.
func sizeText(n int64) string {
	for _, u := range units {
		if n >= u.bytes && u.bytes > 1 {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.bytes), u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

func storedText(s operator.Storage) string {
	used := "unknown"
	if s.Used != nil {
		used = sizeText(*s.Used)
	}
	return used + " of " + sizeText(s.Limit)
}

// parseQuotas reads read=600/60; a class without figures is one whose own limit goes.
func parseQuotas(texts []string) (map[string]*operator.Quota, error) {
	all := map[string]*operator.Quota{}
	for _, text := range texts {
		class, figures, stated := strings.Cut(text, "=")
		var q operator.Quota
		switch n, err := fmt.Sscanf(figures, "%d/%d", &q.Requests, &q.Seconds); {
		case stated && figures == "":
			all[class] = nil
		case err != nil || n != 2 || figures != quotaText(q):
			return nil, fmt.Errorf("--quota %s doesn't have the form read=600/60", text)
		default:
			all[class] = &q
		}
	}
	return all, nil
}

func quotaText(q operator.Quota) string { return fmt.Sprintf("%d/%d", q.Requests, q.Seconds) }

func showWebsite(c *cobra.Command, w operator.Website) error {
	return table(c, "", func(row func(...any)) {
		row("id", w.ID)
		row("name", w.Name)
		row("url", w.URL)
		row("organization", w.Organization)
		row("plan", w.Plan)
		row("client token", w.ClientToken)
		for _, class := range slices.Sorted(maps.Keys(w.Quotas)) {
			row("quota", class+"="+quotaText(w.Quotas[class]))
		}
		row("stored", storedText(w.Storage))
		row("created", ever(&w.CreatedAt))
	})
}
