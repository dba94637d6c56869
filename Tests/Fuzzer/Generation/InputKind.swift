import Foundation

/// A kind of input: how one is made, and the product's own way in that it is given to.
protocol InputKind: Sendable {
  /// Name for `--kind`.
  static var id: String { get }
  /// One input as files, which depends on the choices alone.
  static func files(_ dice: inout Dice) -> [InputFile]
  /// Gives the input to the product.
  /// - Parameters:
  ///   - folder: where the files are.
  ///   - progress: how far it got, also where an error ends it.
  /// - Throws: what the product has to object. An input is meant to be refused, so that is no finding.
  static func run(_ folder: URL, _ progress: inout Progress) throws
}

struct InputFile: Equatable, Sendable {
  /// Relative to the input's folder.
  let name: String
  let data: Data

  init(_ name: String, _ data: Data) {
    self.name = name
    self.data = data
  }

  init(_ name: String, _ text: String) { self.init(name, Data(text.utf8)) }
}

/// How far an input got before it was refused.
enum Progress: String, CaseIterable, Comparable {
  /// Refused as a file or message: its content was not understood.
  case refused
  /// Understood as what it is, and refused for what it says.
  case parsed
  /// Loaded and computed with.
  case loaded

  static func < (left: Progress, right: Progress) -> Bool { left.order < right.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// All kinds.
enum InputKinds {
  static let all: [any InputKind.Type] = [
    CheckpointInput.self, ONNXInput.self, DescriptionInput.self, ResultInput.self, SampleInput.self, PluginInput.self,
    CriteriaInput.self, DatasetInput.self, OwnDataInput.self, EDMInput.self, DiffusersInput.self, GuidedInput.self,
    LPIPSInput.self,
  ]

  /// - Parameter id: also that of the trap by which the fuzzer tests itself.
  static func named(_ id: String) -> (any InputKind.Type)? { (all + [TrappingInput.self]).first { $0.id == id } }
}
