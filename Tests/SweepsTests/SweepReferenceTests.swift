import BenchCore
import Foundation
import Testing

@testable import Sweeps

/// Labels on a task whose Bayes classifier is not known: what a result file says there does not use K and A.
@Suite struct SweepReferenceTests {
  private typealias Numbers = (r: Double, on: Double, accuracy: Double, aligned: Bool)

  private func report(_ models: [(strength: Double, Numbers)], exact: Bool = false) throws -> SweepReport {
    let definition = try FakeWork().definition()
    let results = try models.map { strength, numbers in
      let cell = SweepCell(objective: "gradient-norm", strength: strength, seed: 0)
      var result = try FakeWork.result(
        cell.id, on: numbers.on, off: numbers.r * numbers.on, accuracy: numbers.accuracy, cosine: 0.5,
        label: .bayesAligned)
      result.task.density.isExact = exact
      result.regime.evidence.sensitivityRatio.ratio = Estimate(
        value: numbers.r, low: numbers.r - 0.05, high: numbers.r + 0.05)
      result.regime.evidence.alignment.passed = numbers.aligned
      result.regime.evidence.onManifoldRetention.ratio = nil
      result.regime.evidence.accuracyRetention.ratio = nil
      return (CellRecord(cell, result), Optional(result))
    }
    return SweepReport(definition: definition, models: results, reference: nil)
  }

  @Test func modelsAreComparedWithTheOneOfStrengthZero() throws {
    let report = try report([
      (0, (2.0, 0.8, 0.95, false)),
      (1, (0.5, 0.7, 0.94, true)),
      // A = 0.65 / 0.85.
      (2, (0.5, 0.7, 0.75, true)),
      // K = 0.5.
      (3, (0.5, 0.4, 0.94, true)),
      // Neither in alignment nor weak by R.
      (4, (0.5, 0.7, 0.94, false)),
    ])
    let labels = report.models.map { $0.measured?.label }
    #expect(labels == [.weak, .bayesAligned, .excessive, .excessive, .weak])
    let measured = try #require(report.models[2].measured)
    #expect(abs((measured.accuracyRetention?.value ?? 0) - 0.65 / 0.85) < 1e-12)
    #expect(abs((measured.onManifoldRetention?.value ?? 0) - 0.7 / 0.8) < 1e-12)
    #expect(measured.standardModel == "gradient-norm-0-seed0" && measured.confidence == nil)
    #expect(SweepTable.text(report).contains("relative to the models of strength 0, such as gradient-norm-0-seed0"))
  }

  @Test func aLabelThatAnIntervalContradictsDoesNotHold() throws {
    // R = 0.98 +- 0.05.
    let report = try report([(0, (2.0, 0.8, 0.95, false)), (1, (0.98, 0.7, 0.94, true))])
    #expect(report.models[1].measured?.label == .indeterminate)
    #expect(report.models[1].measured?.leadingLabel == .bayesAligned)
  }

  /// Few images leave wide intervals; compared with itself a model is the same all the same.
  @Test func theModelOfStrengthZeroIsItsOwnReference() throws {
    let report = try report([(0, (0.6, 0.02, 0.95, false))])
    #expect(report.models[0].measured?.label == .weak)
    #expect(report.models[0].measured?.onManifoldRetention == Estimate(value: 1, low: 1, high: 1))
  }

  @Test func withoutStrengthZeroOrWithABayesClassifierTheResultsLabelStands() throws {
    let alone = try report([(2, (0.5, 0.7, 0.75, true))])
    let exact = try report([(0, (2.0, 0.8, 0.95, false)), (2, (0.5, 0.7, 0.75, true))], exact: true)
    for report in [alone, exact] {
      #expect(report.models.last?.measured?.label == .bayesAligned)
      #expect(report.models.last?.measured?.standardModel == nil)
    }
  }
}
