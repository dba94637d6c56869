import ArgumentParser
import Foundation
import Testing

@testable import Runner
@testable import Training

/// Every number that an option takes, out of all bounds: refused with a message, at once.
@Suite struct OptionNumberTests {
  /// Where 0 is a number like others: what is drawn from, a place from 0, and what may be left out.
  private static let mayBeZero: Set<String> = [
    "--seed", "--data-seed", "--evaluation-seed", "--member", "--target", "--crop",
  ]

  /// What a command or a group of options wants to be given besides, where it does not say so as a requirement of the parser's.
  private static let company: [String: [String]] = [
    "EvaluateCommand": ["glyphs"], "AttackCommand": ["glyphs"], "Check": ["glyphs"],
    "RunImageOptions": ["--task", "glyphs"],
    "SlurmCommand": ["evaluate", "glyphs"],
    "EvaluationAttackOptions": ["--attacks", "pgd-l2"], "SweepOptions --points": ["--from", "1", "--to", "2"],
  ]

  /// An option that takes an integer, of the command or the group of options that declares it.
  private struct IntegerOption {
    let name: String
    let owner: any ParsableArguments.Type
    let isSigned: Bool
  }

  /// Those of every command, by the types of the properties that hold them; a group that several commands have comes once.
  private static let all: [IntegerOption] = {
    var seen: Set<ObjectIdentifier> = []
    func options(of owner: any ParsableArguments.Type) -> [IntegerOption] {
      guard seen.insert(ObjectIdentifier(owner)).inserted else { return [] }
      return Mirror(reflecting: owner.init()).children.flatMap { child -> [IntegerOption] in
        if let group = child.value as? any DeclaredGroup { return options(of: group.declared) }
        guard let option = child.value as? any DeclaredOption, let type = option.integer else { return [] }
        let words = (child.label ?? "").drop { $0 == "_" }.flatMap { $0.isUppercase ? "-" + $0.lowercased() : "\($0)" }
        return [IntegerOption(name: "--" + String(words), owner: owner, isSigned: type.isSigned)]
      }
    }
    func options(ofCommand command: any ParsableCommand.Type) -> [IntegerOption] {
      options(of: command) + command.configuration.subcommands.flatMap { options(ofCommand: $0) }
    }
    return options(ofCommand: PagsBench.self)
  }()

  /// What is said of arguments before any work; nil where they are taken.
  private static func refusal(_ owner: any ParsableArguments.Type, _ arguments: [String]) -> String? {
    do {
      // Numbers of a training are bounded with those of its recipe.
      switch try owner.parse(arguments) {
      case let options as TrainingOptions: _ = try options.configuration()
      case let command as TwinCommand: _ = try command.configuration()
      case let options as CourseOptions:
        var configuration = TrainingConfiguration()
        options.replace(&configuration)
        try configuration.check()
      default: break
      }
      return nil
    } catch { return "\(error)" }
  }

  /// The arguments of a command or a group, as its help has them; none of a command that hands on all that it does not know.
  private static func help(_ owner: any ParsableArguments.Type) -> [Help.Argument] {
    do {
      _ = try owner.parse(["--experimental-dump-help"])
      return []
    } catch {
      let text = Data(owner.fullMessage(for: error).utf8)
      return (try? JSONDecoder().decode(Help.self, from: text))?.command.arguments ?? []
    }
  }

  private struct Help: Decodable {
    struct Command: Decodable { let arguments: [Argument]? }
    struct Argument: Decodable {
      struct Name: Decodable { let name: String }
      let kind: String
      let isOptional: Bool
      let isRepeating: Bool
      let names: [Name]?
    }
    let command: Command
  }

  /// What has to be given for anything to be taken.
  private static func required(_ arguments: [Help.Argument]) -> [String] {
    arguments.filter { !$0.isOptional }.flatMap { argument in
      argument.kind == "positional"
        ? [String](repeating: "glyphs", count: argument.isRepeating ? 2 : 1)
        : ["--\(argument.names?.first?.name ?? "")", "absent.svg"]
    }
  }

  @Test func thereAreSuchOptions() {
    let names = Set(Self.all.map(\.name))
    // Of commands and of groups, at every depth.
    for name in ["--threads", "--columns", "--member", "--resize", "--evaluation-seed", "--smoothgrad-samples"] {
      #expect(names.contains(name), "\(names.sorted())")
    }
  }

  @Test func numbersOutOfBoundsAreRefused() {
    for option in Self.all {
      let (owner, name) = (option.owner, option.name)
      let place: Comment = "\(owner) \(name)"
      let rest = Self.required(Self.help(owner)) + (Self.company["\(owner)"] ?? Self.company["\(owner) \(name)"] ?? [])
      func refusal(_ value: String) -> String? { Self.refusal(owner, ["\(name)=\(value)"] + rest) }
      // Otherwise there is no such name, or whatever follows is refused for another reason.
      let some = ["2", "8", "64", "1000"]
      #expect(some.contains { refusal($0) == nil }, "\(place): \(refusal(some[0]) ?? "")")
      for value in ["-1", option.isSigned ? "\(Int.max)" : "\(UInt64.max)"] {
        let refused = refusal(value)
        #expect(refused != nil, "\(place)=\(value) is taken")
        // A recipe's keys are written otherwise: `dataSeed`.
        let word = name.split(separator: "-").last ?? ""
        #expect(refused?.lowercased().contains(word) ?? true, "\(place)=\(value): \(refused ?? "")")
      }
      let zero = refusal("0")
      #expect((zero == nil) == Self.mayBeZero.contains(name), "\(place)=0: \(zero ?? "is taken")")
      for value in ["100000000000000000000", "nan"] { #expect(refusal(value) != nil, "\(place)=\(value) is taken") }
    }
  }

  @Test(arguments: [
    (["evaluate", "bayes", "--images", "100000000000"], "--images must be 2 to 1000000, got 100000000000"),
    (["evaluate", "bayes", "--robustness-draws", "100000000000"], "--robustness-draws must be 1 to 1000"),
    (["tasks", "show", "glyphs", "--threads", "0"], "--threads must be 1 to 1024, got 0"),
    (["tasks", "show", "glyphs", "--threads=-1"], "--threads must be 1 to 1024, got -1"),
    (
      ["evaluate", "m.pt", "--resize", "0"],
      "--resize must be height and width, or one number for both, from 1 to 4096, got `0`"
    ),
    (["run", "m.pt", "--inputs", "i", "--outputs", "o", "--resize", "4,4,4"], "from 1 to 4096, got `4,4,4`"),
    (["bench", "m.pt", "--resize", "1e18,2"], "from 1 to 4096, got `1e18,2`"),
    (["evaluate", "m.pt", "--resize", "2.5"], "from 1 to 4096, got `2.5`"),
    (["evaluate", "m.pt", "--resize", "many"], "from 1 to 4096, got `many`"),
    (["evaluate", "bayes", "--data", "nowhere"], "--data: there is no folder or file nowhere"),
  ]) func boundsAreNamed(_ arguments: [String], _ message: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.start(arguments).wait()
    #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
  }

  /// Escape sequences in the names of files and tensors do not reach the terminal.
  @Test func namesCannotDriveTheTerminal() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcomes = [
      try binary.run("evaluate", "\u{1B}[2Jabsent.pt"), try binary.run("tasks", "show", "\u{1B}]0;x\u{07}"),
      try binary.run("evaluate", "bayes", "--threads", "\u{1B}[31m"),
    ]
    for outcome in outcomes {
      #expect(outcome.status != 0 && outcome.errors.contains("U+001B"))
      #expect(!(outcome.errors + outcome.output).unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 })
    }
  }
}

/// Tells the type of a group of options.
private protocol DeclaredGroup {
  var declared: any ParsableArguments.Type { get }
}

extension OptionGroup: DeclaredGroup {
  fileprivate var declared: any ParsableArguments.Type { Value.self }
}

/// Tells the type of an option's value.
private protocol DeclaredOption {
  /// Nil where it is no integer, nor a list of them.
  var integer: (any FixedWidthInteger.Type)? { get }
}

extension Option: DeclaredOption {
  fileprivate var integer: (any FixedWidthInteger.Type)? {
    Value.self as? any FixedWidthInteger.Type ?? (Value.self as? any Holder.Type)?.held as? any FixedWidthInteger.Type
  }
}

private protocol Holder {
  static var held: Any.Type { get }
}

extension Optional: Holder {
  fileprivate static var held: Any.Type { Wrapped.self }
}

extension Array: Holder {
  fileprivate static var held: Any.Type { Element.self }
}
