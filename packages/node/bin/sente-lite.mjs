#!/usr/bin/env node
// In the repository before every build, so that an install in a fresh clone finds it.
import "../dist/doctor.js";
