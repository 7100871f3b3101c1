"""Run the command line as `python -m avantto_qbo`."""

from avantto_qbo.cli import main

if __name__ == "__main__":
    main()
