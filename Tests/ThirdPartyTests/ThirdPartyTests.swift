import BenchCore
import Conformance
import Testing

/// A model (`PrototypePlugin`), a task and a metric of somebody else. This target is built without access to what is `package`, and
/// imports nothing but the products: whatever a third party needs and cannot see fails to compile here.
@Suite struct ThirdPartyTests {
  @Test func task() {
    let options = TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 1, progress: SilentProgress())
    #expect(TaskPluginConformance.problems(StripesPlugin(), options: options) == [])
    #expect(TaskConformance.problems(StripesTask()) == [])
  }

  @Test func metric() {
    #expect(MetricConformance.problems(SignAgreement()) == [])
  }
}
