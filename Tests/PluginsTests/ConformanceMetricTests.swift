import Testing
import _TestSupport

@testable import Plugins

@Suite struct ConformanceMetricTests {
  @Test("every built-in metric conforms", arguments: BuiltinPlugins.metrics.indices)
  func builtin(index: Int) { expectNone(MetricConformance.problems(BuiltinPlugins.metrics[index])) }
}
