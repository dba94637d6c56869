import Checkpoints
import Foundation
import JSON
import Testing

@testable import BenchCore

@Suite struct SampleFileTests {
  private static let example = Result { try toyOutcome(images: 12) }

  private func bytes(_ tensors: [TensorToWrite], inputs: String? = nil) throws -> Data {
    try SafetensorsWriter.encode(tensors, metadata: inputs.map { ["regime-inputs": $0] } ?? [:])
  }

  private func column(_ name: String, _ values: [Double], shape: [Int]? = nil) -> TensorToWrite {
    TensorToWrite(
      name: name, dtype: .float64, shape: shape ?? [values.count], data: values.withUnsafeBytes { Data($0) })
  }

  @Test func columnsAreReadBackToTheBit() throws {
    let table = SampleTable([
      ("a", [1, -0.0, .nan, .infinity]), ("b/c", [0.1, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, 3]),
    ])
    let result = try Self.example.get().result
    let read = try SampleFiles.read(SampleFile.encode(table, nil, of: result))
    #expect(read.inputs == nil && read.samples.columns.map(\.name) == ["a", "b/c"])
    for (one, other) in zip(read.samples.columns, table.columns) {
      #expect(one.values.map(\.bitPattern) == other.values.map(\.bitPattern))
    }
  }

  @Test func inputsAreReadBack() throws {
    var inputs = RuleV2Case().inputs
    let numbers = Estimate(value: nil, low: 0.25, high: 0.5)
    for calibration: RegimeCalibration in [
      .none, .bayes(gate: 0.45), .recorded(onManifoldSensitivity: 0.1, models: ["a", "b"]),
    ] {
      inputs.calibration = calibration
      inputs.criteria?.standards = [RecordedStandard("a", parameters: 7, accuracy: 0.9, onManifold: 0.1)]
      inputs.standard = StandardReference(
        id: "twin", sha256: String(repeating: "0", count: 64), stated: .init(accuracy: numbers, onManifold: numbers))
      inputs.learnedManifold = "autoencoder x"
      inputs.reservations = RegimeReservation.allCases
      let result = try Self.example.get().result
      let table = SampleTable([("correct", [1, 0])])
      #expect(try SampleFiles.read(SampleFile.encode(table, inputs, of: result)).inputs == inputs)
    }
    inputs = RuleV2Case.exact { $0.temperatureScale = nil }.inputs
    inputs.criteria = nil
    let file = try SampleFile.encode(SampleTable([("correct", [1])]), inputs, of: Self.example.get().result)
    #expect(try SampleFiles.read(file).inputs == inputs)
  }

  // MARK: Files from strangers

  @Test func whatIsNoTableIsRefused() throws {
    let values = [1.0, 2, 3]
    for tensors in [
      [TensorToWrite(name: "a", shape: [3], floats: [1, 2, 3])],
      [column("a", values), TensorToWrite(name: "b", shape: [3], integers: [1, 2, 3])],
      [column("a", values), column("b", [1, 2])],
      [column("a", values, shape: [3, 1])], [column("a", values, shape: [1, 3])], [column("a", [1], shape: [])],
      [column("a", [])], [column("a", []), column("b", [])], [column("a", [], shape: [0, 5])],
    ] {
      #expect(throws: ResultError.self, "\(tensors.map(\.shape))") { try SampleFiles.read(bytes(tensors)) }
    }
    #expect {
      try SampleFiles.read(bytes([]))
    } throws: { error in
      "\(error)".contains("holds no samples")
    }
    for data in [Data(), Data("no table".utf8), Data(repeating: 0xFF, count: 64)] {
      #expect(throws: CheckpointError.self) { try SampleFiles.read(data) }
    }
  }

  @Test func inputsThatAreNoneAreRefused() throws {
    let good = String(decoding: try JSONEncoding.encodeCompact(RuleV2Case().inputs), as: UTF8.self)
    #expect(try SampleFiles.read(bytes([column("a", [1])], inputs: good)).inputs == RuleV2Case().inputs)
    for (old, new) in [
      ("\"classCount\":10", "\"classCount\":0"), ("\"classCount\":10", "\"classCount\":1"),
      ("\"classCount\":10", "\"classCount\":-3"), ("\"classCount\":10", "\"classCount\":9223372036854775807"),
      ("\"classCount\":10", "\"classCount\":1e400"), ("\"classCount\":10", "\"classCount\":\"10\""),
      ("\"wideStep\":", "\"wideStep\":-"), ("\"smallStep\":", "\"smallStep\":-"),
      ("\"parameters\":", "\"parameters\":-"), ("\"temperatureScale\":", "\"temperatureScale\":-"),
      ("{\"classCount\"", "[{\"classCount\""), (good, ""), (good, "null"),
    ] {
      let text = good.replacing(old, with: new)
      #expect(text != good, "\(old) is not in \(good)")
      #expect(throws: (any Error).self, "\(new)") { try SampleFiles.read(bytes([column("a", [1])], inputs: text)) }
    }
  }

  /// Numbers that no evaluation gives, in samples of the right form: a verdict or an error, no trap.
  @Test func absurdNumbersAreNoTrap() throws {
    let outcome = try toyOutcome(task: fittedToyTask(), images: 12, standard: twin)
    for value in [Double.nan, .infinity, -.infinity, 0, -1, .greatestFiniteMagnitude, 1e300] {
      let table = SampleTable(
        outcome.samples.namedColumns.map { ($0.name, [Double](repeating: value, count: $0.values.count)) })
      for version in RegimeRule.versions {
        var inputs = outcome.inputs
        for scale in [nil, 0, 1e300, .leastNonzeroMagnitude] as [Double?] {
          inputs.temperatureScale = scale
          let file = try SampleFiles.read(SampleFile.encode(table, inputs, of: outcome.result))
          let judged = try Reclassification.outcome(outcome.result, file, version: version)
          #expect(!judged.result.regime.evidence.sentences.isEmpty)
        }
      }
    }
  }

  @Test func absurdInputsAreNoTrap() throws {
    let outcome = try toyOutcome(task: fittedToyTask(), images: 12)
    let huge = Double.greatestFiniteMagnitude
    let absurd: [(inout RegimeInputs) -> Void] = [
      { $0.classCount = 1_000_000_000 }, { $0.parameters = .max }, { $0.wideStep = huge }, { $0.smallStep = 0 },
      { $0.criteria?.robustRatio = -huge }, { $0.criteria?.specificShare = huge },
      { $0.criteria?.densityAccuracy = huge },
      {
        $0.criteria?.standards = [
          RecordedStandard("", parameters: -5, accuracy: huge, onManifold: -huge),
          RecordedStandard("", parameters: .max, accuracy: -huge, onManifold: 0),
        ]
      },
      {
        let numbers = Estimate(value: huge, low: huge, high: -huge)
        $0.standard = StandardReference(id: "", sha256: "", stated: .init(accuracy: numbers, onManifold: numbers))
      },
      // Said to have been measured, but there are no columns.
      { $0.standard = StandardReference(id: "twin", sha256: nil) },
      { $0.densityIsExact = true }, { $0.decisive.metric = "x" }, { $0.decisive.noise = huge },
      { $0.calibration = .bayes(gate: huge) },
      { $0.calibration = .recorded(onManifoldSensitivity: -huge, models: []) }, { $0.standardAccuracy = -huge },
      { $0.reservations = [.unusedTensors, .unusedTensors] }, { $0.learnedManifold = "" },
    ]
    for change in absurd {
      var inputs = outcome.inputs
      change(&inputs)
      let file = try SampleFiles.read(SampleFile.encode(outcome.samples, inputs, of: outcome.result))
      for version in RegimeRule.versions {
        do {
          let judged = try Reclassification.outcome(outcome.result, file, version: version)
          #expect(!judged.result.regime.evidence.sentences.isEmpty)
        } catch {
          #expect(error is RegimeRuleError, "\(error)")
        }
      }
    }
  }

  private var twin: StandardModel {
    StandardModel(id: "twin", sha256: nil, classifier: ToyDensity.bayesClassifier())
  }
}
