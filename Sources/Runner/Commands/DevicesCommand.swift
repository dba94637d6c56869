import ArgumentParser
import Devices
import JSON

/// `pags-bench devices`: what `--device` can name here, and why not the rest.
struct DevicesCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "Lists the devices that networks can be computed on, and why others are not there.",
    discussion: """
      Asks PyTorch, which computes networks for --device (docs/devices.md). The built-in engine on the processor, without --device, \
      needs none of them.
      """)

  @OptionGroup var python: DevicePythonOptions

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  func run() throws {
    let listing = try DeviceListing.found(python.found, limit: python.limit)
    try reporting.result(listing, text: Self.text(listing))
  }

  private static func text(_ listing: DeviceListing) -> String {
    let width = listing.devices.map(\.name.displayWidth).max() ?? 0
    var lines = listing.devices.map { device in
      let what = device.problem.map { "not there: \($0)" } ?? (device.hardware ?? "")
      let driver = device.driver.map { ", driver \($0)" } ?? ""
      return "\(device.name.padded(width + 2))\(what)\(driver)"
    }
    if let torch = listing.torch, let version = listing.pythonVersion {
      lines.append("PyTorch \(torch), Python \(version), \(listing.python)")
    }
    return lines.joined(separator: "\n")
  }
}
