// podsecurity checks the manifests on standard input at a Pod Security level, with the code of Kubernetes' admission
// controller.
//
//	kustomize build deploy/overlays/prod | podsecurity restricted
//
// Prints one line per pod template. Exits with 1 if one is refused, or if there is none.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	if err := run(os.Args[1:], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "podsecurity:", err)
		os.Exit(1)
	}
}

func run(arguments []string, manifests io.Reader) error {
	if len(arguments) != 1 {
		return errors.New("usage: podsecurity privileged|baseline|restricted < MANIFESTS")
	}
	level, err := api.ParseLevel(arguments[0])
	if err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	checked, refused := 0, 0
	decoder := yaml.NewYAMLOrJSONDecoder(manifests, 4096)
	for {
		// All kinds with a pod template have it at the same place, except CronJob; a Pod has none.
		var workload appsv1.Deployment
		if err := decoder.Decode(&workload); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if len(workload.Spec.Template.Spec.Containers) == 0 {
			if kind := workload.Kind; kind == "Pod" || kind == "CronJob" {
				return fmt.Errorf("%s %s: kind not supported", kind, workload.Name)
			}
			continue
		}
		checked++
		template := workload.Spec.Template
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(
			api.LevelVersion{Level: level, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec))
		verdict := "allowed"
		if !result.Allowed {
			refused++
			verdict = "refused: " + result.ForbiddenDetail()
		}
		fmt.Printf("%s %s: %s\n", workload.Kind, workload.Name, verdict)
	}
	if checked == 0 {
		return errors.New("no pod template found on standard input")
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d pod templates are refused", refused, checked)
	}
	return nil
}
