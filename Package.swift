// swift-tools-version: 6.2
import PackageDescription

// Numerical code is unusable unoptimised, and debug-mode tests run real networks: these targets are compiled with
// optimisation in both configurations.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

// Continuous integration accepts no warning (scripts/test sets the variable); a newer compiler's new warnings must not keep
// anybody from building.
let strict: [SwiftSetting] = Context.environment["PAGS_BENCH_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let package = Package(
  name: "pags-bench",
  products: [
    .executable(name: "pags-bench", targets: ["Runner"]),
    .library(name: "BenchCore", targets: ["BenchCore"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // System libraries; exactly one Swift target imports each.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CJSONC", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CMemoryFile"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .target(name: "JSON", dependencies: ["CJSONC"], swiftSettings: optimised),
    .target(name: "Images", dependencies: ["CPNG"], swiftSettings: optimised),
    .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: optimised),
    .target(name: "Tensor", dependencies: ["COpenBLAS"], swiftSettings: optimised),
    .target(name: "Graph", dependencies: ["Tensor"], swiftSettings: optimised),
    .target(
      name: "Checkpoints",
      dependencies: ["Tensor", "JSON", "Compression", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: optimised),
    .target(
      name: "BenchCore",
      dependencies: ["Tensor", "Checkpoints", "JSON", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: optimised),
    .target(
      name: "Plugins",
      dependencies: [
        "BenchCore", "Graph", "Checkpoints", "JSON", "Compression", "Tensor", "CMemoryFile",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: optimised),
    .executableTarget(
      name: "Runner",
      dependencies: [
        "Plugins", "BenchCore", "Checkpoints", "JSON", "Images", "Tensor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Conformance checks and helpers that tests, and third-party plugins, run.
    .target(
      name: "_TestSupport", dependencies: ["BenchCore", "Graph", "Tensor", "Checkpoints"], swiftSettings: optimised),

    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images"]),
    .testTarget(name: "CompressionTests", dependencies: ["Compression"]),
    .testTarget(name: "TensorTests", dependencies: ["Tensor"], swiftSettings: optimised),
    .testTarget(name: "GraphTests", dependencies: ["Graph", "_TestSupport"], swiftSettings: optimised),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "_TestSupport"], swiftSettings: optimised),
    .testTarget(name: "BenchCoreTests", dependencies: ["BenchCore", "_TestSupport"], swiftSettings: optimised),
    .testTarget(
      name: "PluginsTests", dependencies: ["Plugins", "_TestSupport", "TestPlugin"], swiftSettings: optimised),
    // The worked example of docs/add-a-model.md.
    .testTarget(
      name: "ExampleTests", dependencies: ["BenchCore", "Checkpoints", "Tensor", "_TestSupport"],
      swiftSettings: optimised),
    // A program that serves a network, well or badly.
    .executableTarget(name: "TestPlugin", dependencies: ["JSON"], path: "Tests/TestPlugin"),
    .testTarget(
      name: "RunnerTests", dependencies: ["Runner", "TestPlugin", "BenchCore", "Checkpoints", "JSON", "Tensor"],
      exclude: ["Snapshots"],
      swiftSettings: optimised),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = (target.swiftSettings ?? []) + strict
}
